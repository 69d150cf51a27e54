import type { RgbImage } from '../rgb-image.ts';

const CHANNELS = 3;
/** Reach of the cubic kernel with a = −0.5. */
const SUPPORT = 2;
/** Weights are integers over 2²², so that results are the same everywhere. */
const WEIGHT_UNIT = 2 ** 22;

/** Weights of one row or column of the result. */
interface Taps {
  readonly first: number;
  readonly weights: Int32Array;
}

/**
 * Returns a picture resized as Pillow's `BICUBIC` does, bit by bit: the kernel widens where the picture shrinks, the horizontal
 * pass comes first, and each pass rounds to 8 bits.
 */
export function resizeBicubic(image: RgbImage, width: number, height: number): RgbImage {
  const across = { width, height: image.height, data: new Uint8Array(width * image.height * CHANNELS) };
  const rowTaps = taps(image.width, width);
  for (let y = 0; y < image.height; y++) {
    resample(image.data, across.data, { from: y * image.width * CHANNELS, to: y * width * CHANNELS, step: CHANNELS, taps: rowTaps });
  }
  const resized = { width, height, data: new Uint8Array(width * height * CHANNELS) };
  const columnTaps = taps(image.height, height);
  for (let x = 0; x < width; x++) {
    resample(across.data, resized.data, { from: x * CHANNELS, to: x * CHANNELS, step: width * CHANNELS, taps: columnTaps });
  }
  return resized;
}

/** Returns the `size` × `size` pixels at `left`, `top`; black outside the picture. */
export function cutSquare(image: RgbImage, { left, top, size }: { left: number; top: number; size: number }): RgbImage {
  const data = new Uint8Array(size * size * CHANNELS);
  for (let y = Math.max(0, -top); y < Math.min(size, image.height - top); y++) {
    for (let x = Math.max(0, -left); x < Math.min(size, image.width - left); x++) {
      const from = ((y + top) * image.width + x + left) * CHANNELS;
      data.set(image.data.subarray(from, from + CHANNELS), (y * size + x) * CHANNELS);
    }
  }
  return { width: size, height: size, data };
}

interface Line {
  /** First byte of the line in the source and in the result, and the step between its pixels in both. */
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly taps: readonly Taps[];
}

function resample(source: Uint8Array, result: Uint8Array, { from, to, step, taps: lineTaps }: Line): void {
  for (let i = 0; i < lineTaps.length; i++) {
    const { first, weights } = lineTaps[i]!;
    for (let channel = 0; channel < CHANNELS; channel++) {
      let sum = WEIGHT_UNIT / 2;
      for (let k = 0; k < weights.length; k++) {
        sum += source[from + (first + k) * step + channel]! * weights[k]!;
      }
      result[to + i * step + channel] = Math.max(0, Math.min(255, Math.floor(sum / WEIGHT_UNIT)));
    }
  }
}

function taps(from: number, to: number): Taps[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - SUPPORT * stretch + 0.5));
    const end = Math.min(from, Math.trunc(centre + SUPPORT * stretch + 0.5));
    const raw = Array.from({ length: end - first }, (_tap, k) => cubic((k + first - centre + 0.5) / stretch));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: Int32Array.from(raw, (weight) => Math.trunc((weight / total) * WEIGHT_UNIT + Math.sign(weight) * 0.5)) };
  });
}

/** Keys' cubic with a = −0.5. */
function cubic(offset: number): number {
  const x = Math.abs(offset);
  if (x < 1) {
    return (1.5 * x - 2.5) * x * x + 1;
  }
  return x < SUPPORT ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}
