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

test('normal numbers have mean 0, deviation 1 and the normal distribution\'s tails', () => {
  const random = new Random(5);
  const values = Array.from({ length: 100_000 }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean) < 0.01 && Math.abs(variance - 1) < 0.02, `mean ${mean}, variance ${variance}`);
  const beyondTwo = values.filter((value) => Math.abs(value) > 2).length / values.length;
  assert.ok(Math.abs(beyondTwo - 0.0455) < 0.003, `${beyondTwo} beyond two deviations`);
});
