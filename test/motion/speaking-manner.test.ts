import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prosody } from '../../src/motion/prosody.ts';
import { SpeakingManner } from '../../src/motion/speaking-manner.ts';

interface Voice {
  readonly energy: number;
  readonly pitch: number | undefined;
  readonly accent: number;
}

function heard(frames: number, voice: (frame: number) => Voice): SpeakingManner {
  const [manner, prosody] = [new SpeakingManner(), new Prosody()];
  prosody.speaking = true;
  for (let frame = 0; frame < frames; frame++) {
    Object.assign(prosody, voice(frame));
    manner.update(prosody);
  }
  return manner;
}

const flat = (): Voice => ({ energy: 0.5, pitch: 0, accent: 0 });
const lively = (frame: number): Voice => ({ energy: 0.6, pitch: 4 * Math.sin(frame / 3), accent: frame % 12 === 0 ? 0.8 : 0 });

test('a flat voice has half the vigour of a lively one, a loud and excited one more; all within 0.35 to 1.6', () => {
  const excited = heard(300, (frame) => ({ energy: 0.9, pitch: 8 * Math.sin(frame / 3), accent: frame % 8 === 0 ? 1 : 0 }));
  const vigours = [heard(300, flat).vigour, heard(300, lively).vigour, excited.vigour];
  assert.ok(vigours[0]! < 0.6 * vigours[1]! && vigours[1]! > 0.8 && vigours[1]! < 1.2 && vigours[2]! > 1.3 * vigours[1]!, vigours.join(', '));
  assert.ok(vigours.every((vigour) => vigour >= 0.35 && vigour <= 1.6));
});

test('a voice over its usual level has more vigour', () => {
  const [manner, prosody] = [heard(300, lively), new Prosody()];
  const before = manner.vigour;
  Object.assign(prosody, { speaking: true, energy: manner.loudness, overUsualDb: 6 });
  manner.update(prosody);
  assert.ok(manner.vigour > before + 0.15);
});

test('the pitch expected is over its level while it rises and under it while it falls', () => {
  for (const direction of [1, -1]) {
    const { pitchAhead, pitchLevel } = heard(20, (frame) => ({ ...flat(), pitch: (direction * frame) / 4 }));
    assert.ok(direction * (pitchAhead - pitchLevel) > 1, `${pitchAhead} after ${pitchLevel}`);
  }
});

test('frames without a pitch change nothing of it; in a pause it fades and the phrase begins anew, while the vigour stays', () => {
  const manner = heard(100, (frame) => ({ ...lively(frame), pitch: frame % 3 === 0 ? 3 : undefined }));
  assert.ok(Math.abs(manner.pitchLevel - 3) < 0.3, `level ${manner.pitchLevel}`);
  assert.equal(manner.phraseFrames, 100);
  const { vigour } = manner;
  for (let frame = 0; frame < 60; frame++) {
    manner.update(new Prosody());
  }
  assert.ok(manner.pitchLevel < 0.1 && Math.abs(manner.pitchAhead) < 0.1);
  assert.deepEqual([manner.phraseFrames, manner.vigour], [0, vigour]);
});
