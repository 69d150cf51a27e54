import type { Point, RgbImage } from './rgb-image.ts';

/** A square of a picture, possibly turned: what a network is shown. */
export interface SquareRegion {
  /** Centre in pixels of the picture. */
  readonly centre: Point;
  /** Side in pixels of the picture. */
  readonly sidePx: number;
  /** Clockwise turn in the picture, in radians. */
  readonly angleRad: number;
}

/** How the crop becomes network input. */
export interface CropOptions {
  /** Side of the result in samples. */
  readonly size: number;
  /** Byte values are multiplied by this … */
  readonly scale: number;
  /** … and then this is added. */
  readonly offset: number;
  /** True to mirror the crop left to right. */
  readonly mirrored?: boolean;
}

/** Most samples along one axis that are averaged into one output sample. */
const MOST_SUPERSAMPLES = 4;

/**
 * Samples a square region into a tensor of shape size × size × 3, averaging up to 4 × 4 bilinear samples per output sample.
 * What lies outside the picture is black.
 */
export function cropSquare(image: RgbImage, region: SquareRegion, options: CropOptions): Float32Array {
  const { size, scale, offset } = options;
  const samples = Math.max(1, Math.min(MOST_SUPERSAMPLES, Math.round(region.sidePx / size)));
  const grid = size * samples;
  const step = region.sidePx / grid;
  const cos = Math.cos(region.angleRad) * step;
  const sin = Math.sin(region.angleRad) * step;
  const gain = scale / (samples * samples);
  const tensor = new Float32Array(size * size * 3).fill(offset);
  for (let row = 0; row < grid; row++) {
    const v = row + 0.5 - grid / 2;
    const outputRow = Math.floor(row / samples) * size;
    for (let column = 0; column < grid; column++) {
      const u = column + 0.5 - grid / 2;
      const outputColumn = Math.floor(column / samples);
      const output = 3 * (outputRow + (options.mirrored === true ? size - 1 - outputColumn : outputColumn));
      const x = region.centre.x + u * cos - v * sin;
      const y = region.centre.y + u * sin + v * cos;
      tensor[output]! += gain * bilinear(image, x, y, 0);
      tensor[output + 1]! += gain * bilinear(image, x, y, 1);
      tensor[output + 2]! += gain * bilinear(image, x, y, 2);
    }
  }
  return tensor;
}

/**
 * Returns where a point of the crop lies in the picture.
 * @param u Position across the crop, 0 (left edge) to 1 (right edge).
 * @param v Position down the crop, 0 (top edge) to 1 (bottom edge).
 */
export function regionToImage(region: SquareRegion, u: number, v: number): Point {
  const across = (u - 0.5) * region.sidePx;
  const down = (v - 0.5) * region.sidePx;
  const cos = Math.cos(region.angleRad);
  const sin = Math.sin(region.angleRad);
  return { x: region.centre.x + across * cos - down * sin, y: region.centre.y + across * sin + down * cos };
}

/** Reads one channel between four pixels; those outside the picture count as 0. */
function bilinear(image: RgbImage, x: number, y: number, channel: number): number {
  const { width, height, data } = image;
  const left = Math.floor(x);
  const top = Math.floor(y);
  if (left < -1 || top < -1 || left >= width || top >= height) {
    return 0;
  }
  const fx = x - left;
  const fy = y - top;
  const index = (top * width + left) * 3 + channel;
  const hasLeft = left >= 0;
  const hasRight = left + 1 < width;
  let above = 0;
  let below = 0;
  if (top >= 0) {
    above = (hasLeft ? data[index]! * (1 - fx) : 0) + (hasRight ? data[index + 3]! * fx : 0);
  }
  if (top + 1 < height) {
    const next = index + width * 3;
    below = (hasLeft ? data[next]! * (1 - fx) : 0) + (hasRight ? data[next + 3]! * fx : 0);
  }
  return above * (1 - fy) + below * fy;
}
