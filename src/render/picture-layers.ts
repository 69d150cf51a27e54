import type { Avatar } from '../avatars/avatar.ts';
import type { Steps } from './steps.ts';

/** Pixels around the packed foreground, mirrored from inside: what comes in from beyond the border looks like its neighbourhood. */
export const PAD_PX = 32;

/** BT.601 limited range: Y = 16 + …, U and V = 128 + …, from R, G, B 0..255. */
export function lumaOf(r: number, g: number, b: number): number {
  return 16 + 0.256788 * r + 0.504129 * g + 0.097906 * b;
}

/** BT.601 limited-range U. */
export function blueOf(r: number, g: number, b: number): number {
  return 128 - 0.148223 * r - 0.290993 * g + 0.439216 * b;
}

/** BT.601 limited-range V. */
export function redOf(r: number, g: number, b: number): number {
  return 128 + 0.439216 * r - 0.367788 * g - 0.071427 * b;
}

/** Returns the bytes of `packForeground`. */
export function foregroundBytes(width: number, height: number): number {
  return (width + 2 * PAD_PX) * (height + 2 * PAD_PX) * 4;
}

/** Writes the person as Y, U, V, matte per pixel, the first three premultiplied by the matte, with `PAD_PX` mirrored pixels around. */
export function* packForeground(avatar: Avatar, out: Uint8Array): Steps<void> {
  const { width, height, image, matte } = avatar;
  const mirror = (at: number, size: number): number => (at < 0 ? -at : at >= size ? 2 * size - 2 - at : at);
  let to = 0;
  for (let y = -PAD_PX; y < height + PAD_PX; y += 1) {
    const row = mirror(y, height) * width;
    for (let x = -PAD_PX; x < width + PAD_PX; x += 1, to += 4) {
      const from = row + mirror(x, width);
      const [r, g, b] = [image[from * 3]!, image[from * 3 + 1]!, image[from * 3 + 2]!];
      const share = matte[from]! / 255;
      out[to] = Math.round(lumaOf(r, g, b) * share);
      out[to + 1] = Math.round(blueOf(r, g, b) * share);
      out[to + 2] = Math.round(redOf(r, g, b) * share);
      out[to + 3] = matte[from]!;
    }
    yield;
  }
}

/** Writes the background as Y, U, V, 0 per pixel. */
export function* packBackground(avatar: Avatar, out: Uint8Array): Steps<void> {
  const { width, height, background } = avatar;
  for (let from = 0, to = 0; from < width * height * 3; from += 3, to += 4) {
    const [r, g, b] = [background[from]!, background[from + 1]!, background[from + 2]!];
    out[to] = Math.round(lumaOf(r, g, b));
    out[to + 1] = Math.round(blueOf(r, g, b));
    out[to + 2] = Math.round(redOf(r, g, b));
    out[to + 3] = 0;
    if (from % (3 * width) === 0) {
      yield;
    }
  }
}
