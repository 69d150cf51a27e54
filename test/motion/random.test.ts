import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/motion/random.ts';

test('the same seed gives the same numbers, another seed others, all within 0..1', () => {
  const numbers = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 1000 }, () => random.next());
  };
  assert.deepEqual(numbers(7), numbers(7));
  assert.notDeepEqual(numbers(7), numbers(8));
  assert.ok(numbers(7).every((value) => value >= 0 && value < 1));
});

test('numbers are spread evenly', () => {
  const random = new Random(1);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    counts[Math.floor(random.next() * 10)]! += 1;
  }
  assert.ok(counts.every((count) => count > 850 && count < 1150), counts.join(' '));
});

test('a seed that is no whole number is refused', () => {
  assert.throws(() => new Random(0.5), TypeError);
  assert.throws(() => new Random(NaN), TypeError);
});
