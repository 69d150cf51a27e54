import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestKnown } from '../../src/avatars/nearest-known.ts';

const width = 60;
const height = 40;

test('each pixel is shown the way to the known pixel nearest to it', () => {
  const places = [[5, 5], [50, 8], [30, 33], [12, 38]] as const;
  const known = new Float32Array(width * height);
  for (const [x, y] of places) {
    known[y * width + x] = 1;
  }
  const { dx, dy } = nearestKnown(known, { width, height });
  for (let pixel = 0; pixel < known.length; pixel++) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    assert.equal(known[(y + dy[pixel]!) * width + x + dx[pixel]!], 1, `the way from ${x}, ${y} leads nowhere`);
    const nearest = Math.min(...places.map(([toX, toY]) => Math.hypot(toX - x, toY - y)));
    const found = Math.hypot(dx[pixel]!, dy[pixel]!);
    assert.ok(found < nearest + 0.5, `from ${x}, ${y} it is ${found}, the nearest is ${nearest} away`);
  }
});

test('where nothing is known there is no way', () => {
  const { dx } = nearestKnown(new Float32Array(width * height), { width, height });
  assert.ok(dx.every((value) => value === Infinity));
});
