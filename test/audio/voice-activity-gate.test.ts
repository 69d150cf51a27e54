import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VoiceActivityGate } from '../../src/audio/voice-activity-gate.ts';

/** A window of a square wave: its level is the same in every window, in decibels of full scale. */
function level(dbfs: number): Float32Array {
  const amplitude = 10 ** (dbfs / 20);
  return Float32Array.from({ length: 512 }, (_, n) => (n % 8 < 4 ? amplitude : -amplitude));
}

/** Passes windows of one level through the gate; the network says the same of each it sees. Returns how many it saw. */
function hear(gate: VoiceActivityGate, dbfs: number, { windows, probability }: { windows: number; probability: number }): number {
  let seen = 0;
  for (let n = 0; n < windows; n++) {
    const opens = gate.opensFor(level(dbfs));
    seen += Number(opens);
    gate.judged([opens ? probability : 0]);
  }
  return seen;
}

test('silence never opens it, not even while someone speaks', () => {
  const gate = new VoiceActivityGate();
  assert.equal(hear(gate, -61, { windows: 50, probability: 0 }), 0);
  assert.equal(hear(gate, -20, { windows: 5, probability: 0.9 }), 5);
  assert.equal(hear(gate, -61, { windows: 5, probability: 0 }), 0);
});

test('steady noise is looked at until it is known, and then no more; the first louder window opens it at once', () => {
  const gate = new VoiceActivityGate();
  const known = hear(gate, -45, { windows: 300, probability: 0.02 });
  assert.ok(known >= 16 && known < 94, `${known} windows`);
  assert.equal(hear(gate, -45, { windows: 100, probability: 0.02 }), 0);
  assert.equal(hear(gate, -41, { windows: 1, probability: 0.3 }), 1);
});

test('several windows are looked at together when one of them is louder, and each is judged by itself', () => {
  const gate = new VoiceActivityGate();
  hear(gate, -45, { windows: 300, probability: 0.02 });
  const three = new Float32Array(3 * 512);
  [level(-45), level(-45), level(-30)].forEach((window, index) => { three.set(window, index * 512); });
  assert.ok(gate.opensFor(three));
  gate.judged([0.02, 0.02, 0.6]);
  assert.equal(hear(gate, -45, { windows: 40, probability: 0.05 }), 16, 'the last of them was like speech');
});

test('after anything like speech every window is looked at for half a second, however soft', () => {
  const gate = new VoiceActivityGate();
  hear(gate, -45, { windows: 300, probability: 0.02 });
  assert.equal(hear(gate, -30, { windows: 1, probability: 0.3 }), 1);
  assert.equal(hear(gate, -45, { windows: 40, probability: 0.05 }), 16);
});

test('clicks are looked at one by one and do not teach it to overhear soft speech', () => {
  const gate = new VoiceActivityGate();
  hear(gate, -50, { windows: 300, probability: 0.02 });
  for (let click = 0; click < 200; click++) {
    assert.equal(hear(gate, -20, { windows: 1, probability: 0.05 }), 1);
    hear(gate, -50, { windows: 4, probability: 0.02 });
  }
  assert.equal(hear(gate, -50, { windows: 100, probability: 0.02 }), 0, 'it is not awake for ever');
  assert.equal(hear(gate, -44, { windows: 1, probability: 0.05 }), 1);
});

test('it follows noise that grows, and noise that ends', () => {
  const gate = new VoiceActivityGate();
  hear(gate, -50, { windows: 300, probability: 0.02 });
  hear(gate, -35, { windows: 300, probability: 0.02 });
  assert.equal(hear(gate, -35, { windows: 100, probability: 0.02 }), 0);
  hear(gate, -55, { windows: 100, probability: 0.02 });
  assert.equal(hear(gate, -51, { windows: 1, probability: 0.02 }), 1);
});
