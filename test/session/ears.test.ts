import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Microphone } from '../../src/audio/microphone.ts';
import type { VoiceActivityDetector, VoiceActivityEvents } from '../../src/audio/voice-activity-detector.ts';
import { Emitter } from '../../src/base/emitter.ts';
import { Ears } from '../../src/session/ears.ts';
import type { SessionMode } from '../../src/transport/messages.ts';

const PACKET = { payload: new Uint8Array(10), sequenceNumber: 1, timestamp: 960 };

function openEars(mode: SessionMode = 'mirror'): { ears: Ears; events: Emitter<VoiceActivityEvents>; voices: boolean[]; failures: unknown[]; log: string[] } {
  const events = new Emitter<VoiceActivityEvents>((error) => { throw error; });
  const voices: boolean[] = [];
  const failures: unknown[] = [];
  const log: string[] = [];
  const note = (what: string) => (): Promise<void> => {
    log.push(what);
    return Promise.resolve();
  };
  const ears = new Ears({
    mode,
    voiceActivity: { events, push: note('heard'), reset: note('reset'), close: note('detector closed') } as unknown as VoiceActivityDetector,
    openMicrophone: () => {
      log.push('opened');
      return { push: note('packet'), pull: () => new Float32Array(320), close: note('microphone closed') } as unknown as Microphone;
    },
    onVoice: (speaks) => { voices.push(speaks); },
    onFailed: (error) => { failures.push(error); },
  });
  return { ears, events, voices, failures, log };
}

test('the microphone is opened with its first packet, and every pulled block is listened to', async () => {
  const { ears, log } = openEars();
  assert.equal(ears.pull(), undefined);
  assert.equal(ears.listens(performance.now()), false);
  ears.push(PACKET);
  ears.push(PACKET);
  assert.equal(ears.pull()?.length, 320);
  assert.ok(ears.listens(performance.now()));
  assert.equal(ears.listens(performance.now() + 1100), false);
  await ears.close();
  assert.deepEqual(log, ['opened', 'packet', 'packet', 'heard', 'microphone closed', 'detector closed']);
});

test('it tells when the viewer speaks and stops, and that a viewer who speaks has stopped when the microphone is for something else', () => {
  const { ears, events, voices, log } = openEars();
  events.emit('started', { atUs: 0 });
  assert.ok(ears.mirrorsVoice);
  ears.switchTo('mirror');
  assert.equal(ears.mirrorsVoice, false);
  assert.deepEqual(log, ['reset']);
  assert.deepEqual(voices, [true, false]);
  ears.switchTo('push');
  assert.deepEqual(voices, [true, false], 'what was told is not told again');
  events.emit('started', { atUs: 1 });
  events.emit('ended', { atUs: 2 });
  assert.deepEqual(voices, [true, false, true, false]);
});

test('a microphone that is for listening is heard and lends no voice; one that is for nothing is not even opened', () => {
  const { ears, events, log } = openEars('listen');
  ears.push(PACKET);
  assert.equal(ears.pull(), undefined);
  assert.deepEqual(log, ['opened', 'packet', 'heard']);
  assert.ok(ears.listens(performance.now()));
  events.emit('started', { atUs: 0 });
  assert.equal(ears.mirrorsVoice, false);
  ears.switchTo('push');
  log.length = 0;
  ears.push(PACKET);
  assert.equal(ears.pull(), undefined);
  assert.deepEqual(log, []);
  assert.equal(ears.listens(performance.now()), false);
  assert.equal(ears.mode, 'push');
  const idle = openEars('push');
  idle.ears.push(PACKET);
  assert.deepEqual(idle.log, []);
  idle.ears.switchTo('listen');
  idle.ears.push(PACKET);
  assert.deepEqual(idle.log, ['reset', 'opened', 'packet']);
});

test('a detector that failed is passed on', () => {
  const { events, failures } = openEars();
  events.emit('failed', { error: new Error('deaf') });
  assert.equal(failures.length, 1);
});
