import type { PlaneSize } from './box-filter.ts';

/** Colour in the middle and in the corners. */
const MIDDLE = [206, 210, 216] as const;
const CORNER = [132, 139, 150] as const;

/** Middle of the light, in parts of the height. */
const LIGHT_LEVEL = 0.42;

/** Returns a neutral, softly lit wall, RGB, `width * height * 3` bytes, for pictures that come without a background of their own. */
export function makeStudioBackground({ width, height }: PlaneSize): Uint8Array {
  const wall = new Uint8Array(width * height * 3);
  const reach = Math.hypot(width / 2, height * (1 - LIGHT_LEVEL));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const distance = Math.min(1, Math.hypot(x - width / 2, y - height * LIGHT_LEVEL) / reach);
      const dark = distance * distance * (3 - 2 * distance);
      // Half a step of ordered dither hides the bands of so slow a gradient.
      const dither = (((x & 1) * 2 + (y & 1) * 3) % 4) / 4;
      const pixel = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        wall[pixel + channel] = Math.floor(MIDDLE[channel]! + (CORNER[channel]! - MIDDLE[channel]!) * dark + dither);
      }
    }
  }
  return wall;
}
