import { pictureBytes } from '../../src/base/picture.ts';
import type { Picture } from '../../src/base/picture.ts';

/** A moving pattern with soft edges, in shared memory as the renderer makes it. */
export function testPicture(options: { width: number; height: number; index: number }): Picture {
  const { width, height, index } = options;
  const data = new Uint8Array(new SharedArrayBuffer(pictureBytes(width, height)));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[y * width + x] = 120 + 60 * Math.sin((x + 3 * index) / 9) * Math.cos((y - 2 * index) / 13);
    }
  }
  data.fill(110, width * height, width * height * 1.25);
  data.fill(150, width * height * 1.25);
  return { width, height, data, mediaUs: index * 40_000, release: () => undefined };
}

/** Peak signal-to-noise ratio of two pictures, in decibels. */
export function psnrDb(a: Uint8Array, b: Uint8Array): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) {
    squares += (a[i]! - b[i]!) ** 2;
  }
  return 10 * Math.log10(255 ** 2 / (squares / a.length));
}
