import { boxMean } from './box-filter.ts';
import type { PlaneSize } from './box-filter.ts';
import { fillPlane } from './membrane-fill.ts';
import type { RgbImage } from './rgb-image.ts';

/** Coverage, of 255, above which a pixel may show some of the person. */
const PERSON_COVERAGE = 4;

/** How far around the person nothing is taken for background, in parts of the picture's shorter side: hair and blur bleed that far. */
const MARGIN = 0.014;

/** Most grain added to the filled part: standard deviation in byte values. */
const MOST_GRAIN = 4;

/**
 * Returns the picture without the person, RGB: what is certainly background stays; the rest is a smooth continuation of it
 * with the grain of the picture, so that no outline of the person is left behind.
 * @param matte Coverage of the person, 0..255, one byte a pixel.
 */
export function inpaintBackground(image: RgbImage, matte: Uint8Array): Uint8Array {
  const known = backgroundMask(matte, image);
  const planes = [0, 1, 2].map((channel) => Float32Array.from(known, (_, pixel) => image.data[3 * pixel + channel]!));
  const grain = measureGrain(planes, known, image);
  for (const plane of planes) {
    fillPlane(plane, known, image);
  }
  const random = makeNoise();
  const background = new Uint8Array(image.data);
  for (let pixel = 0; pixel < known.length; pixel++) {
    if (known[pixel] === 0) {
      const noise = random() * grain;
      for (let channel = 0; channel < 3; channel++) {
        background[3 * pixel + channel] = Math.max(0, Math.min(255, Math.round(planes[channel]![pixel]! + noise)));
      }
    }
  }
  return background;
}

/** 1 where a pixel and all around it, up to the margin, are free of the person; else 0. */
function backgroundMask(matte: Uint8Array, size: PlaneSize): Float32Array {
  const radius = Math.ceil(Math.min(size.width, size.height) * MARGIN);
  const person = Float32Array.from(matte, (coverage) => (coverage > PERSON_COVERAGE ? 1 : 0));
  return boxMean(person, size, radius).map((share) => (share > 1e-4 ? 0 : 1));
}

/** Standard deviation of the finest detail of the background, robust against its texture: 1.48 times the median absolute value. */
function measureGrain(planes: readonly Float32Array[], known: Float32Array, size: PlaneSize): number {
  const green = planes[1];
  if (green === undefined) {
    return 0;
  }
  const smooth = boxMean(green, size, 1);
  const details: number[] = [];
  for (let pixel = 0; pixel < known.length; pixel += 7) {
    if (known[pixel] === 1) {
      details.push(Math.abs(green[pixel]! - smooth[pixel]!));
    }
  }
  details.sort((a, b) => a - b);
  return Math.min(MOST_GRAIN, 1.48 * (details[details.length >> 1] ?? 0));
}

/** Noise of mean 0 and deviation 1 that is the same every time: the sum of two uniform numbers of a linear congruential generator. */
function makeNoise(): () => number {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => (uniform() + uniform() - 1) * Math.sqrt(6);
}
