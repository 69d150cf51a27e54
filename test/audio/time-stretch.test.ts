import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lengthen, shorten, shortenNeeds } from '../../src/audio/time-stretch.ts';
import { largestStep } from './close-to.ts';

const tone = (length: number): Float32Array => Float32Array.from({ length }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 150 * n) / 16_000));

test('a tone is shortened and lengthened by whole periods, without a click inside or after', () => {
  const source = tone(1200);
  for (const stretch of [shorten, lengthen]) {
    const target = new Float32Array(320);
    const used = stretch(source.subarray(0, shortenNeeds(320)), target);
    const change = Math.abs(used - 320);
    assert.ok(change >= 80 && change <= 240, `changed by ${change}`);
    const periods = (change * 150) / 16_000;
    assert.ok(Math.abs(periods - Math.round(periods)) < 0.02, `${periods} periods`);
    assert.ok(largestStep([...target, ...source.subarray(used, used + 320)]) < 1.1 * largestStep(source));
    assert.equal(stretch === shorten, used > 320);
  }
});

test('where nothing fits, the splice is cross-faded', () => {
  let seed = 3;
  const noise = Float32Array.from({ length: 640 }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 31 - 1;
  });
  for (const stretch of [shorten, lengthen]) {
    const target = new Float32Array(320);
    const used = stretch(noise.subarray(0, shortenNeeds(320)), target);
    // The splice is at the start of what is shortened, and after the part that is repeated of what is lengthened.
    const splice = Math.max(0, 320 - used);
    for (let n = 0; n < 80; n++) {
      const share = (n + 1) / 81;
      const [before, after] = [noise[splice + n]!, noise[n + Math.max(0, used - 320)]!];
      assert.ok(Math.abs(target[splice + n]! - share * after - (1 - share) * before) < 1e-6, `sample ${n} after the splice`);
    }
  }
});
