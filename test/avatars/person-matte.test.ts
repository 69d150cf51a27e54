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
  const matte = refineMatte({ width, height, data }, coarse, { width: 256, height: 256 }, { x: 0, y: 600, downX: 0, downY: 0.1 });
  const row = [...matte.subarray(256 * width, 257 * width)];
  const edge = row.findIndex((coverage) => coverage >= 128);
  assert.ok(Math.abs(edge - 203) <= 1, `the edge is at ${edge}, expected 203`);
  assert.ok(row.slice(0, 199).every((coverage) => coverage < 20), `haze before the edge: ${row.slice(180, 203).join(' ')}`);
  assert.ok(row.slice(215).every((coverage) => coverage > 235), `holes behind the edge: ${row.slice(203, 230).join(' ')}`);
});

test('a faint edge counts as background beside the head and as person beside the body', () => {
  const [width, height] = [256, 256];
  const data = new Uint8Array(width * height * 3).fill(128);
  const coarse = new Float32Array(width * height).fill(0.35);
  const matte = refineMatte({ width, height, data }, coarse, { width, height }, { x: 0, y: 120, downX: 0, downY: 1 / 20 });
  const column = (y: number): number => matte[y * width + 128]!;
  assert.ok(column(60) < 70, `beside the head ${column(60)}`);
  assert.ok(column(200) > 100, `beside the body ${column(200)}`);
  assert.ok(column(130) > column(60) && column(130) < column(200), 'one fades into the other');
});
