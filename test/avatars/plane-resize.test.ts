import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resizePlane } from '../../src/avatars/plane-resize.ts';

test('a plane of its own size is unchanged', () => {
  const plane = Float32Array.from({ length: 12 }, (_, index) => index * index);
  assert.deepEqual(resizePlane(plane, { width: 4, height: 3 }, { width: 4, height: 3 }), plane);
});

test('a slope stays a slope with its edges at the edges', () => {
  const plane = Float32Array.from({ length: 64 }, (_, index) => index % 8);
  const large = resizePlane(plane, { width: 8, height: 8 }, { width: 32, height: 16 });
  for (let x = 2; x < 30; x++) {
    assert.ok(Math.abs(large[5 * 32 + x]! - ((x + 0.5) / 4 - 0.5)) < 1e-5, `column ${x}: ${large[5 * 32 + x]}`);
  }
});
