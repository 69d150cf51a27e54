import assert from 'node:assert/strict';
import { it } from 'node:test';
import { joinedFilter, minimalFilter } from '../../src/models/minimal-filter.ts';

it('gives the matrices of F(4, 3) that Lavin and Gray print', () => {
  const { inputs, taps, outputs } = minimalFilter([0, 1, -1, 2, -2], 4);
  assert.deepEqual(inputs, [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]);
  assert.deepEqual(outputs, [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]);
  assert.deepEqual(taps[3]?.map((value) => value * 24), [1, 2, 4]);
});

it('filters as a plain filter does, for other sizes too', () => {
  const joined = joinedFilter(minimalFilter([0, 1, -1, 2], 3), minimalFilter([0, 1, -1], 3));
  for (const { inputs, taps, outputs } of [minimalFilter([0, 1, -1], 2), minimalFilter([0, 1, -1, 2, -2, 0.5, -0.5], 2), minimalFilter([0, 1, -1, 2, -2], 3), joined]) {
    const filter = Array.from({ length: taps[0]?.length ?? 0 }, (_, k) => 1 / (k + 2));
    const signal = Array.from({ length: inputs[0]?.length ?? 0 }, (_, i) => Math.sin(i + 1));
    const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const products = inputs.map((row, i) => dot(row, signal) * dot(taps[i]!, filter));
    for (const [n, row] of outputs.entries()) {
      const expected = dot(filter, signal.slice(n));
      assert.ok(Math.abs(dot(row, products) - expected) < 1e-12, `output ${n} of ${outputs.length} with ${filter.length} taps`);
    }
  }
});
