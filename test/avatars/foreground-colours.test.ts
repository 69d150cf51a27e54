import assert from 'node:assert/strict';
import { test } from 'node:test';
import { separateForeground } from '../../src/avatars/foreground-colours.ts';

test('soft edges get the colour of the person, and drawing them over the background gives the picture again', () => {
  const width = 600;
  const height = 600;
  const matte = new Uint8Array(width * height);
  const data = new Uint8Array(width * height * 3);
  const background = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < matte.length; pixel++) {
    const alpha = Math.max(0, Math.min(1, ((pixel % width) - 298) / 5));
    matte[pixel] = Math.round(255 * alpha);
    background.set([40, 60, 200], 3 * pixel);
    data.set([200 * alpha + 40 * (1 - alpha), 120 * alpha + 60 * (1 - alpha), 90 * alpha + 200 * (1 - alpha)].map(Math.round), 3 * pixel);
  }
  const foreground = separateForeground({ width, height, data }, matte, background);
  for (let x = 296; x < 310; x++) {
    const index = 3 * (300 * width + x);
    const alpha = matte[300 * width + x]! / 255;
    assert.ok(Math.abs(foreground[index]! - 200) <= 3, `red at column ${x} is ${foreground[index]}, expected 200`);
    assert.ok(Math.abs(foreground[index + 2]! - 90) <= 3, `blue at column ${x} is ${foreground[index + 2]}, expected 90`);
    const drawn = foreground[index + 2]! * alpha + background[index + 2]! * (1 - alpha);
    assert.ok(Math.abs(drawn - data[index + 2]!) <= 2, `column ${x} is drawn ${drawn}, was ${data[index + 2]}`);
  }
  assert.deepEqual(foreground.subarray(0, 30), data.subarray(0, 30), 'far from the person the picture stays');
});
