import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cropSquare, regionToImage } from '../../src/avatars/square-crop.ts';
import type { RgbImage } from '../../src/avatars/rgb-image.ts';

/** Red is the column, green the row, blue 7 everywhere. */
function ramp(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.set([pixel % width, Math.floor(pixel / width), 7], 3 * pixel);
  }
  return { width, height, data };
}

const plain = { scale: 1, offset: 0 };

test('a square as large as the crop is copied', () => {
  const image = ramp(8, 8);
  const crop = cropSquare(image, { centre: { x: 3.5, y: 3.5 }, sidePx: 8, angleRad: 0 }, { size: 8, ...plain });
  assert.deepEqual([...crop], [...image.data]);
});

test('a mirrored crop is the same from right to left', () => {
  const crop = cropSquare(ramp(8, 8), { centre: { x: 3.5, y: 3.5 }, sidePx: 8, angleRad: 0 }, { size: 8, ...plain, mirrored: true });
  assert.deepEqual([crop[0], crop[1], crop[21]], [7, 0, 0]);
});

test('a reduced crop averages the area and applies scale and offset', () => {
  const crop = cropSquare(ramp(8, 8), { centre: { x: 3.5, y: 3.5 }, sidePx: 8, angleRad: 0 }, { size: 4, scale: 2, offset: -1 });
  assert.ok(Math.abs(crop[0]! - (2 * 0.5 - 1)) < 1e-5, `${crop[0]}`);
  assert.ok(Math.abs(crop[3]! - (2 * 2.5 - 1)) < 1e-5, `${crop[3]}`);
  assert.ok(Math.abs(crop[2]! - 13) < 1e-5);
});

test('what lies outside the picture is black', () => {
  const crop = cropSquare(ramp(8, 8), { centre: { x: -20, y: 3 }, sidePx: 8, angleRad: 0 }, { size: 8, ...plain });
  assert.ok(crop.every((value) => value === 0));
});

test('a turned crop shows at each place what regionToImage says', () => {
  const image = ramp(64, 64);
  const region = { centre: { x: 30, y: 33 }, sidePx: 24, angleRad: 0.4 };
  const crop = cropSquare(image, region, { size: 24, ...plain });
  for (const [column, row] of [[0, 0], [23, 0], [5, 17], [12, 12]] as const) {
    const point = regionToImage(region, (column + 0.5) / 24, (row + 0.5) / 24);
    const index = 3 * (row * 24 + column);
    assert.ok(Math.abs(crop[index]! - point.x) < 0.01, `x at ${column}, ${row}: ${crop[index]}, expected ${point.x}`);
    assert.ok(Math.abs(crop[index + 1]! - point.y) < 0.01, `y at ${column}, ${row}: ${crop[index + 1]}, expected ${point.y}`);
  }
});
