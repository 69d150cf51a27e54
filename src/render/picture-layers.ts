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
  const { width, height } = avatar;
  for (let y = -PAD_PX; y < height + PAD_PX; y += 1) {
    packForegroundRow(avatar, mirrored(y, height), out, (y + PAD_PX) * (width + 2 * PAD_PX) * 4);
    yield;
  }
}

/** Writes the background as Y, U, V, 0 per pixel. */
export function* packBackground(avatar: Avatar, out: Uint8Array): Steps<void> {
  for (let y = 0; y < avatar.height; y += 1) {
    packBackgroundRow(avatar, y, out);
    yield;
  }
}

function mirrored(at: number, size: number): number {
  return at < 0 ? -at : at >= size ? 2 * size - 2 - at : at;
}

// Rows are loops of their own, which the engine makes quicker than one within a generator; a byte array cuts + 0.5 to the nearest whole number, and Math.round would take five times as long.
function packForegroundRow({ width, image, matte }: Avatar, y: number, out: Uint8Array, at: number): void {
  for (let x = -PAD_PX, to = at; x < width + PAD_PX; x += 1, to += 4) {
    const from = y * width + mirrored(x, width);
    const [r, g, b] = [image[from * 3]!, image[from * 3 + 1]!, image[from * 3 + 2]!];
    const share = matte[from]! / 255;
    out[to] = lumaOf(r, g, b) * share + 0.5;
    out[to + 1] = blueOf(r, g, b) * share + 0.5;
    out[to + 2] = redOf(r, g, b) * share + 0.5;
    out[to + 3] = matte[from]!;
  }
}

function packBackgroundRow({ width, background }: Avatar, y: number, out: Uint8Array): void {
  for (let pixel = y * width; pixel < (y + 1) * width; pixel += 1) {
    const [r, g, b] = [background[pixel * 3]!, background[pixel * 3 + 1]!, background[pixel * 3 + 2]!];
    out[pixel * 4] = lumaOf(r, g, b) + 0.5;
    out[pixel * 4 + 1] = blueOf(r, g, b) + 0.5;
    out[pixel * 4 + 2] = redOf(r, g, b) + 0.5;
    out[pixel * 4 + 3] = 0;
  }
}
