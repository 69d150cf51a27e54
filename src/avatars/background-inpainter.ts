import { boxMean } from './box-filter.ts';
import type { PlaneSize } from './box-filter.ts';
import { fillPlane } from './membrane-fill.ts';
import { nearestKnown } from './nearest-known.ts';
import type { RgbImage } from './rgb-image.ts';

/** Coverage, of 255, above which a pixel may show some of the person. */
const PERSON_COVERAGE = 4;

/** How far around the person nothing is taken for background, in parts of the picture's shorter side: hair and blur bleed that far. */
const MARGIN = 0.009;

/** Coverage, of 255, up to which the person is no more than a haze over the photo, and the part of the surroundings within the margin from which on they are an outline. */
const HAZE_COVERAGE = 32;
const OUTLINE_SHARE = 0.2;

/** Grain is measured at every so many pixels. */
const GRAIN_STEP = 7;

/** Most grain added to the filled part: standard deviation in byte values. */
const MOST_GRAIN = 4;

/** How far the surroundings are mirrored into the filled part, and how far the ways across its border are smoothed, in parts of the picture's shorter side. */
const MIRROR_REACH = 0.1;
const WAY_SMOOTHING = 0.012;

/**
 * Things (a pole, a star) are not mirrored farther than the reach, in parts of the picture's shorter side: beside a head their double would be seen.
 * They stand out from the smooth continuation by this many byte values, and by so many times the median of all that is mirrored: stripes all around are texture.
 */
const THING = Object.freeze({ values: 40, medians: 2, reach: 0.008 });

/**
 * Returns the picture without the person, RGB: what is certainly background stays. Along its border it goes on as its mirror image, so that
 * what a moving head uncovers has the texture of its surroundings; farther in this fades to a smooth continuation with the grain of the picture.
 * @param matte Coverage of the person, 0..255, one byte a pixel.
 */
export function inpaintBackground(image: RgbImage, matte: Uint8Array): Uint8Array {
  const known = backgroundMask(matte, image);
  const noise = makeGrain(known, measureGrain(image, known));
  const mirror = mirrorBorder(known, image);
  const photo = photoShares(matte, image);
  const background = new Uint8Array(image.data);
  const planes = [0, 1, 2].map((channel) => takeChannel(image, channel));
  planes.forEach((plane) => { fillPlane(plane, known, image); });
  leaveThingsOut(mirror, planes, image);
  for (let channel = 0; channel < 3; channel++) {
    const plane = planes[channel]!;
    for (let pixel = 0; pixel < known.length; pixel++) {
      if (known[pixel] === 0) {
        const smooth = plane[pixel]! + noise[pixel]!;
        const filled = smooth + mirror.share[pixel]! * (image.data[3 * mirror.source[pixel]! + channel]! - smooth);
        const value = filled + photo[pixel]! * (image.data[3 * pixel + channel]! - filled);
        background[3 * pixel + channel] = Math.max(0, Math.min(255, Math.round(value)));
      }
    }
  }
  return background;
}

/**
 * How much of the photo stays where the person may show a little: all of it in a haze far from any outline, nothing in the outline itself,
 * of which a ghost would be left.
 */
function photoShares(matte: Uint8Array, size: PlaneSize): Float32Array {
  const outline = new Float32Array(matte.length);
  for (let pixel = 0; pixel < matte.length; pixel++) {
    outline[pixel] = matte[pixel]! > HAZE_COVERAGE ? 1 : 0;
  }
  const near = boxMean(outline, size, marginPx(size));
  return near.map((share, pixel) => Math.max(0, 1 - share / OUTLINE_SHARE) * Math.max(0, 1 - matte[pixel]! / HAZE_COVERAGE));
}

/** Takes back the shares of mirrored pixels that belong to a thing, away from the border. */
function leaveThingsOut(mirror: Mirror, smooth: readonly Float32Array[], image: RgbImage): void {
  const reach = THING.reach * Math.min(image.width, image.height);
  const standOut = Float32Array.from(mirror.share, (share, pixel) => (share === 0 ? 0
    : smooth.reduce((most, plane, channel) => Math.max(most, Math.abs(image.data[3 * mirror.source[pixel]! + channel]! - plane[pixel]!)), 0)));
  const mirrored = standOut.filter((_, pixel) => mirror.share[pixel]! > 0 && mirror.distance[pixel]! > 0).sort();
  const thing = Math.max(THING.values, THING.medians * (mirrored[mirrored.length >> 1] ?? 0));
  const kept = standOut.map((values, pixel) => 1 / (1 + (values / thing) ** 2 * (mirror.distance[pixel]! / reach)));
  // Neighbours keep about as much: else the rim of a thing would stay as a thin line.
  const even = boxMean(kept, image, Math.ceil(reach));
  for (let pixel = 0; pixel < kept.length; pixel++) {
    if (mirror.share[pixel]! > 0) {
      mirror.share[pixel]! *= Math.min(kept[pixel]!, even[pixel]!);
    }
  }
}

/** For each unknown pixel: the known one that mirrors it, how much that counts, and how far the border is, in pixels. */
interface Mirror {
  readonly source: Int32Array;
  readonly share: Float32Array;
  readonly distance: Float32Array;
}

/** Finds for each unknown pixel the known one that mirrors it at the border, and how much that counts: 1 at the border, 0 from the reach on. */
function mirrorBorder(known: Float32Array, size: PlaneSize): Mirror {
  const { width, height } = size;
  const side = Math.min(width, height);
  const way = nearestKnown(known, size);
  const radius = Math.ceil(side * WAY_SMOOTHING);
  const finite = (values: Float32Array): Float32Array => values.map((value) => (Number.isFinite(value) ? value : 0));
  // The border is ragged: neighbours would mirror at different pixels of it.
  const across = boxMean(finite(way.dx), size, radius);
  const down = boxMean(finite(way.dy), size, radius);
  const source = new Int32Array(known.length);
  const share = new Float32Array(known.length);
  const distances = new Float32Array(known.length);
  for (let pixel = 0; pixel < known.length; pixel++) {
    const distance = Math.hypot(way.dx[pixel]!, way.dy[pixel]!);
    distances[pixel] = distance;
    const x = Math.round((pixel % width) + 2 * across[pixel]!);
    const y = Math.round(Math.floor(pixel / width) + 2 * down[pixel]!);
    if (distance < side * MIRROR_REACH && x >= 0 && x < width && y >= 0 && y < height && known[y * width + x] === 1) {
      source[pixel] = y * width + x;
      share[pixel] = 1 - distance / (side * MIRROR_REACH);
    }
  }
  return { source, share, distance: distances };
}

/** 1 where a pixel and all around it, up to the margin, are free of the person; else 0. */
function backgroundMask(matte: Uint8Array, size: PlaneSize): Float32Array {
  const mask = new Float32Array(matte.length);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    mask[pixel] = matte[pixel]! > PERSON_COVERAGE ? 1 : 0;
  }
  const shares = boxMean(mask, size, marginPx(size));
  for (let pixel = 0; pixel < mask.length; pixel++) {
    mask[pixel] = shares[pixel]! > 1e-4 ? 0 : 1;
  }
  return mask;
}

function marginPx({ width, height }: PlaneSize): number {
  return Math.ceil(Math.min(width, height) * MARGIN);
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
