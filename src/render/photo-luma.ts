import type { Avatar } from '../avatars/avatar.ts';
import { meshPoint } from './face-frame.ts';
import { clamp } from './shaping.ts';

/** Cheeks, chin and forehead, whose median is the colour of the skin. */
const SKIN_POINTS = [50, 280, 205, 425, 117, 346];

/** Returns the luma of a place of the photo, 0 to 255, bilinear. */
export function photoLuma(avatar: Avatar, xPx: number, yPx: number): number {
  return photoAt(avatar, xPx, yPx, pixelLuma);
}

function photoAt(avatar: Avatar, xPx: number, yPx: number, pixel: typeof pixelLuma): number {
  const x = clamp(Math.floor(xPx), 0, avatar.width - 2);
  const y = clamp(Math.floor(yPx), 0, avatar.height - 2);
  const fx = clamp(xPx - x, 0, 1);
  const fy = clamp(yPx - y, 0, 1);
  const upper = pixel(avatar, x, y) * (1 - fx) + pixel(avatar, x + 1, y) * fx;
  const lower = pixel(avatar, x, y + 1) * (1 - fx) + pixel(avatar, x + 1, y + 1) * fx;
  return upper + (lower - upper) * fy;
}

/** Returns how much red there is over green at a place of the photo, bilinear: much in lips and gums, little in teeth and in the dark. */
export function photoRedness(avatar: Avatar, xPx: number, yPx: number): number {
  return photoAt(avatar, xPx, yPx, pixelRedness);
}

function pixelRedness(avatar: Avatar, x: number, y: number): number {
  const at = (y * avatar.width + x) * 3;
  return avatar.image[at]! - avatar.image[at + 1]!;
}

/** Returns the luminance of R, G, B that follow one another from an index on. */
export function luminanceOf(rgb: ArrayLike<number>, at = 0): number {
  return 0.299 * rgb[at]! + 0.587 * rgb[at + 1]! + 0.114 * rgb[at + 2]!;
}

function pixelLuma(avatar: Avatar, x: number, y: number): number {
  return luminanceOf(avatar.image, (y * avatar.width + x) * 3);
}

/** Returns the median colour of the cheeks: R, G, B. */
export function skinColour(avatar: Avatar): [number, number, number] {
  const samples = SKIN_POINTS.map((index) => {
    const [x, y] = meshPoint(avatar.landmarks, index);
    const column = clamp(Math.round(x), 0, avatar.width - 1);
    const row = clamp(Math.round(y), 0, avatar.height - 1);
    return (row * avatar.width + column) * 3;
  });
  const median = (channel: number): number => {
    const values = samples.map((at) => avatar.image[at + channel]!).sort((a, b) => a - b);
    return (values[2]! + values[3]!) / 2;
  };
  return [median(0), median(1), median(2)];
}

/** Skin whose strongest and weakest channel differ by this share is in full colour. */
const COLOURED_SHARE = 0.12;

/** Returns how much colour a photo has, judged by its skin (R, G, B): 1 in full colour, 0 in black and white. */
export function colouring(skin: readonly [number, number, number]): number {
  return clamp((Math.max(...skin) - Math.min(...skin)) / (COLOURED_SHARE * Math.max(1, ...skin)), 0, 1);
}
