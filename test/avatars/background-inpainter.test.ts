import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inpaintBackground } from '../../src/avatars/background-inpainter.ts';

const width = 96;
const height = 96;

/** A red disc with a soft edge before a blue slope. */
function scene(): { image: { width: number; height: number; data: Uint8Array }; matte: Uint8Array } {
  const matte = new Uint8Array(width * height);
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < matte.length; pixel++) {
    const x = pixel % width;
    const alpha = Math.max(0, Math.min(1, (30 - Math.hypot(x - 48, Math.floor(pixel / width) - 48)) / 4));
    matte[pixel] = Math.round(255 * alpha);
    data.set([220 * alpha + 20 * (1 - alpha), 20, (100 + x) * (1 - alpha)], 3 * pixel);
  }
  return { image: { width, height, data }, matte };
}

test('nothing of the person is left and what is background stays as it is', () => {
  const { image, matte } = scene();
  const background = inpaintBackground(image, matte);
  for (let pixel = 0; pixel < matte.length; pixel++) {
    assert.ok(background[3 * pixel]! < 30, `pixel ${pixel} is still red: ${background[3 * pixel]}`);
    assert.ok(Math.abs(background[3 * pixel + 2]! - (100 + (pixel % width))) < 12, `pixel ${pixel}: blue is ${background[3 * pixel + 2]}`);
  }
  assert.deepEqual(background.subarray(0, 30), image.data.subarray(0, 30));
});

test('the filled part carries the grain of the picture', () => {
  const { image, matte } = scene();
  for (let index = 0; index < image.data.length; index++) {
    image.data[index] = Math.max(0, Math.min(255, image.data[index]! + 8 * Math.sin(index * 12.9898)));
  }
  const background = inpaintBackground(image, matte);
  const row = Array.from({ length: 30 }, (_, x) => background[3 * (48 * width + 33 + x) + 1]!);
  assert.ok(new Set(row).size > 3, `a smooth row: ${row.join(' ')}`);
});

test('the texture of the surroundings goes on behind the edge of the person', () => {
  const { image, matte } = scene();
  for (let pixel = 0; pixel < matte.length; pixel++) {
    // Stripes of 6 pixels in the green of the background, upright on the border at the disc's left.
    image.data[3 * pixel + 1] = Math.floor(Math.floor(pixel / width) / 6) % 2 === 0 ? 40 : 160;
  }
  const background = inpaintBackground(image, matte);
  const column = Array.from({ length: 18 }, (_, y) => background[3 * ((39 + y) * width + 21) + 1]!);
  assert.ok(Math.max(...column) - Math.min(...column) > 50, `no stripes 3 pixels behind the edge: ${column.join(' ')}`);
});

test('a pole beside the person gets no double behind them', () => {
  const { image, matte } = scene();
  for (let y = 0; y < height; y++) {
    for (let x = 12; x < 15; x++) {
      image.data[3 * (y * width + x) + 1] = 220;
    }
  }
  const background = inpaintBackground(image, matte);
  const row = Array.from({ length: 12 }, (_, x) => background[3 * (48 * width + 18 + x) + 1]!);
  assert.ok(Math.max(...row) < 55, `green behind the edge: ${row.join(' ')}`);
});

test('a haze of the matte far from any outline leaves the photo as it is', () => {
  const { image, matte } = scene();
  for (let y = 10; y < 14; y++) {
    for (let x = 10; x < 14; x++) {
      matte[y * width + x] = 8;
      image.data.set([20, 200, 110], 3 * (y * width + x));
    }
  }
  const green = inpaintBackground(image, matte)[3 * (12 * width + 12) + 1]!;
  assert.ok(green > 150, `a green spot under the haze became ${green}`);
});

test('a person who fills the picture leaves a plain background', () => {
  const { image } = scene();
  const background = inpaintBackground(image, new Uint8Array(width * height).fill(255));
  assert.ok(background.every((value) => value === 0));
});
