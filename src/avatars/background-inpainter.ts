import { boxMean } from './box-filter.ts';
import type { PlaneSize } from './box-filter.ts';
import { fillPlane } from './membrane-fill.ts';
import type { RgbImage } from './rgb-image.ts';

/** Coverage, of 255, above which a pixel may show some of the person. */
const PERSON_COVERAGE = 4;

/** How far around the person nothing is taken for background, in parts of the picture's shorter side: hair and blur bleed that far. */
const MARGIN = 0.009;

/** Grain is measured at every so many pixels. */
const GRAIN_STEP = 7;

/** Most grain added to the filled part: standard deviation in byte values. */
const MOST_GRAIN = 4;

/**
 * Returns the picture without the person, RGB: what is certainly background stays; the rest is a smooth continuation of it
 * with the grain of the picture, so that no outline of the person is left behind.
 * @param matte Coverage of the person, 0..255, one byte a pixel.
 */
export function inpaintBackground(image: RgbImage, matte: Uint8Array): Uint8Array {
  const known = backgroundMask(matte, image);
  const noise = makeGrain(known, measureGrain(image, known));
  const background = new Uint8Array(image.data);
  for (let channel = 0; channel < 3; channel++) {
    const plane = takeChannel(image, channel);
    fillPlane(plane, known, image);
    for (let pixel = 0; pixel < known.length; pixel++) {
      if (known[pixel] === 0) {
        background[3 * pixel + channel] = Math.max(0, Math.min(255, Math.round(plane[pixel]! + noise[pixel]!)));
      }
    }
  }
  return background;
}

/** 1 where a pixel and all around it, up to the margin, are free of the person; else 0. */
function backgroundMask(matte: Uint8Array, size: PlaneSize): Float32Array {
  const radius = Math.ceil(Math.min(size.width, size.height) * MARGIN);
  const mask = new Float32Array(matte.length);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    mask[pixel] = matte[pixel]! > PERSON_COVERAGE ? 1 : 0;
  }
  const shares = boxMean(mask, size, radius);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    mask[pixel] = shares[pixel]! > 1e-4 ? 0 : 1;
  }
  return mask;
}

/** Standard deviation of the finest detail of the background, robust against its texture: 1.48 times the median absolute value. */
function measureGrain(image: RgbImage, known: Float32Array): number {
  const green = takeChannel(image, 1);
  const smooth = boxMean(green, image, 1);
  const details: number[] = [];
  for (let pixel = 0; pixel < known.length; pixel += GRAIN_STEP) {
    if (known[pixel] === 1) {
      details.push(Math.abs(green[pixel]! - smooth[pixel]!));
    }
  }
  details.sort((a, b) => a - b);
  return Math.min(MOST_GRAIN, 1.48 * (details[details.length >> 1] ?? 0));
}

/**
 * Grain for the unknown pixels, in byte values, the same every time: each value is the sum of two uniform numbers of a
 * linear congruential generator, scaled to the deviation.
 */
function makeGrain(known: Float32Array, deviation: number): Float32Array {
  const grain = new Float32Array(known.length);
  let state = 1;
  for (let pixel = 0; pixel < known.length; pixel++) {
    if (known[pixel] === 0) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const high = state >>> 16;
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      grain[pixel] = ((high + (state >>> 16)) / 65536 - 1) * Math.sqrt(6) * deviation;
    }
  }
  return grain;
}

function takeChannel({ width, height, data }: RgbImage, channel: number): Float32Array {
  const plane = new Float32Array(width * height);
  for (let pixel = 0; pixel < plane.length; pixel++) {
    plane[pixel] = data[3 * pixel + channel]!;
  }
  return plane;
}
