import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reduceImage } from '../../src/avatars/image-reduce.ts';

test('every result is the average of the area it covers, also where pixels are shared', () => {
  const data = new Uint8Array(5 * 2 * 3);
  [0, 51, 102, 153, 204, 0, 51, 102, 153, 204].forEach((value, pixel) => { data[3 * pixel + 1] = value; });
  const [red, green] = reduceImage({ width: 5, height: 2, data }, { width: 2, height: 1 });
  assert.ok(red.every((value) => value === 0));
  // The first 2.5 columns: (0 + 0.2 + 0.5 · 0.4) / 2.5; the last 2.5: (0.5 · 0.4 + 0.6 + 0.8) / 2.5.
  assert.ok(Math.abs(green[0]! - 0.16) < 1e-6, `${green[0]}`);
  assert.ok(Math.abs(green[1]! - 0.64) < 1e-6, `${green[1]}`);
});
