import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillPlane } from '../../src/avatars/membrane-fill.ts';

const size = { width: 48, height: 40 };

/** A hole in the middle of the plane. */
function hole(): Float32Array {
  return Float32Array.from({ length: 48 * 40 }, (_, pixel) => {
    const inside = Math.abs((pixel % 48) - 24) < 10 && Math.abs(Math.floor(pixel / 48) - 20) < 10;
    return inside ? 0 : 1;
  });
}

test('a slope is continued through a hole and known pixels stay', () => {
  const known = hole();
  const slope = Float32Array.from(known, (_, pixel) => (pixel % 48) * 3 + Math.floor(pixel / 48));
  const plane = slope.map((value, pixel) => (known[pixel] === 1 ? value : -1000));
  fillPlane(plane, known, size);
  for (let pixel = 0; pixel < plane.length; pixel++) {
    const most = known[pixel] === 1 ? 0 : 8;
    assert.ok(Math.abs(plane[pixel]! - slope[pixel]!) <= most, `pixel ${pixel}: ${plane[pixel]}, expected ${slope[pixel]}`);
  }
});

test('a hole is filled with values between those around it', () => {
  const known = hole();
  const plane = Float32Array.from(known, (_, pixel) => (known[pixel] === 1 ? 100 + 50 * Math.sin(pixel) : 5000));
  fillPlane(plane, known, size);
  assert.ok(plane.every((value) => value >= 50 && value <= 150));
});

test('a plane of which nothing is known becomes zero', () => {
  const plane = new Float32Array(48 * 40).fill(9);
  fillPlane(plane, new Float32Array(48 * 40), size);
  assert.ok(plane.every((value) => value === 0));
});
