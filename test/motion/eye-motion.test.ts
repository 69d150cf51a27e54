import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FACE_COEFFICIENTS, FACE_INDEX, NEUTRAL_POSE } from '../../src/base/motion-frame.ts';
import { EyeMotion } from '../../src/motion/eye-motion.ts';
import { Prosody } from '../../src/motion/prosody.ts';
import { Random } from '../../src/motion/random.ts';

function blinks(seed: number, frames: number, phraseEndsEvery: number): number[] {
  const eyes = new EyeMotion(new Random(seed));
  const prosody = new Prosody();
  const expression = new Float32Array(FACE_COEFFICIENTS.length);
  const starts: number[] = [];
  for (let frame = 0; frame < frames; frame++) {
    prosody.phraseEnded = frame % phraseEndsEvery === phraseEndsEvery - 1;
    eyes.next(expression, NEUTRAL_POSE, prosody, 'speaking');
    if (expression[FACE_INDEX.blinkLeft] === 0.5) {
      starts.push(frame);
    }
  }
  return starts;
}

test('some blinks are double', () => {
  const starts = blinks(1, 15_000, Infinity);
  const doubles = starts.filter((start, i) => starts[i - 1] === start - 8).length;
  assert.ok(doubles > starts.length * 0.03 && doubles < starts.length * 0.25, `${doubles} of ${starts.length}`);
});

test('the end of a phrase brings more blinks than any other moment', () => {
  const starts = blinks(2, 15_000, 60);
  const atEnds = starts.filter((start) => start % 60 === 59).length;
  assert.ok(atEnds > 80, `${atEnds} of ${starts.length} blinks at 250 phrase ends`);
});

test('stress raises the brows for about half a second', () => {
  const eyes = new EyeMotion(new Random(3));
  const prosody = new Prosody();
  const expression = new Float32Array(FACE_COEFFICIENTS.length);
  const brows = Array.from({ length: 50 }, (_, frame) => {
    prosody.accent = frame === 0 ? 1 : 0;
    eyes.next(expression, NEUTRAL_POSE, prosody, 'speaking');
    return expression[FACE_INDEX.brow]!;
  });
  assert.ok(Math.max(...brows) > 0.25, `highest ${Math.max(...brows)}`);
  assert.ok(brows.findIndex((brow) => brow === Math.max(...brows)) < 10);
  assert.ok(Math.abs(brows[45]!) < 0.08);
});
