import assert from 'node:assert/strict';
import { it } from 'node:test';
import { minimalFilter } from '../../src/models/minimal-filter.ts';

it('gives the matrices of F(4, 3) that Lavin and Gray print', () => {
  const { inputs, taps, outputs } = minimalFilter([0, 1, -1, 2, -2], 4);
  assert.deepEqual(inputs, [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]);
  assert.deepEqual(outputs, [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]);
  assert.deepEqual(taps[3]?.map((value) => value * 24), [1, 2, 4]);
});

it('filters as a plain filter does, for other sizes too', () => {
  for (const [points, count] of [[[0, 1, -1], 2], [[0, 1, -1, 2, -2, 0.5, -0.5], 2], [[0, 1, -1, 2, -2], 3]] as const) {
    const { inputs, taps, outputs } = minimalFilter(points, count);
    const filter = Array.from({ length: points.length + 2 - count }, (_, k) => 1 / (k + 2));
    const signal = Array.from({ length: points.length + 1 }, (_, i) => Math.sin(i + 1));
    const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const products = inputs.map((row, i) => dot(row, signal) * dot(taps[i]!, filter));
    for (const [n, row] of outputs.entries()) {
      const expected = dot(filter, signal.slice(n));
      assert.ok(Math.abs(dot(row, products) - expected) < 1e-12, `output ${n} of ${count} at ${points.length} points`);
    }
  }
});
