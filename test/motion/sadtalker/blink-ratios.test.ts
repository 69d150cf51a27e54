import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BlinkRatios } from '../../../src/motion/sadtalker/blink-ratios.ts';

it('blinks for five frames at a time, 10 to 69 frames apart, and never ends', () => {
  const blinks = new BlinkRatios(3);
  const ratios = Array.from({ length: 100_000 }, () => blinks.next());
  const waits: number[] = [];
  let wait = 0;
  for (let frame = 0; frame + 5 < ratios.length; frame++) {
    if (ratios[frame] === 0) {
      wait += 1;
      continue;
    }
    assert.deepEqual(ratios.slice(frame, frame + 5), [0.5, 0.9, 1, 0.9, 0.5]);
    waits.push(wait);
    wait = 0;
    frame += 4;
  }
  assert.ok(wait <= 69 && waits.every((frames) => frames >= 10 && frames <= 69));
  assert.deepEqual([Math.min(...waits), Math.max(...waits)], [10, 69]);
  const mean = waits.reduce((sum, frames) => sum + frames, 0) / waits.length;
  assert.ok(Math.abs(mean - 39.5) < 1.5, `mean wait ${mean}`);
});

it('blinks the same for the same seed, otherwise for another, and not at all without one', () => {
  const ratios = (blinks: BlinkRatios): number[] => Array.from({ length: 300 }, () => blinks.next());
  assert.deepEqual(ratios(new BlinkRatios(1)), ratios(new BlinkRatios(1)));
  assert.notDeepEqual(ratios(new BlinkRatios(1)), ratios(new BlinkRatios(2)));
  assert.ok(ratios(new BlinkRatios()).every((ratio) => ratio === 0));
});
