import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxMean } from '../../src/avatars/box-filter.ts';

for (const radius of [1, 3, 20]) {
  test(`the mean over squares of radius ${radius} equals the one computed pixel by pixel`, () => {
    const size = { width: 17, height: 11 };
    const plane = Float32Array.from({ length: 17 * 11 }, (_, index) => Math.sin(index * 1.7) * 10);
    const means = boxMean(plane, size, radius);
    for (let pixel = 0; pixel < plane.length; pixel++) {
      const x = pixel % 17;
      const y = Math.floor(pixel / 17);
      const near = [...plane].filter((_, other) => Math.abs((other % 17) - x) <= radius && Math.abs(Math.floor(other / 17) - y) <= radius);
      const expected = near.reduce((sum, value) => sum + value, 0) / near.length;
      assert.ok(Math.abs(means[pixel]! - expected) < 1e-4, `pixel ${pixel}: ${means[pixel]}, expected ${expected}`);
    }
  });
}
