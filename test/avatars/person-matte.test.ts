import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refineMatte } from '../../src/avatars/person-matte.ts';

test('a coarse matte is enlarged so that its edge lies on the edge of the picture', () => {
  const [width, height] = [512, 512];
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.set((pixel % width) < 203 ? [40, 60, 150] : [190, 140, 110], 3 * pixel);
  }
  // The network is off by some 4 pixels of the picture and soft.
  const coarse = Float32Array.from({ length: 256 * 256 }, (_, index) => Math.max(0, Math.min(1, ((index % 256) - 100) / 6)));
  const matte = refineMatte({ width, height, data }, coarse, { width: 256, height: 256 });
  const row = [...matte.subarray(256 * width, 257 * width)];
  const edge = row.findIndex((coverage) => coverage >= 128);
  assert.ok(Math.abs(edge - 203) <= 1, `the edge is at ${edge}, expected 203`);
  assert.ok(row.slice(0, 199).every((coverage) => coverage < 20), `haze before the edge: ${row.slice(180, 203).join(' ')}`);
  assert.ok(row.slice(215).every((coverage) => coverage > 235), `holes behind the edge: ${row.slice(203, 230).join(' ')}`);
});
