import type { PlaneSize } from './box-filter.ts';

/** Smoothing rounds per level of the pyramid. */
const ROUNDS = 6;

/** A level of the pyramid: values and how much of each is known, 0..1. */
interface Level extends PlaneSize {
  readonly plane: Float32Array;
  readonly weight: Float32Array;
}

/**
 * Fills the unknown pixels of a plane in place with a smooth surface through the known ones: pull-push over a pyramid
 * (Gortler et al., "The Lumigraph", 1996, section 3.4), relaxed toward a membrane (Laplace's equation) on every level.
 * @param known 1 for known pixels, 0 for the others; when none is known the plane becomes 0.
 */
export function fillPlane(plane: Float32Array, known: Float32Array, { width, height }: PlaneSize): void {
  const levels: Level[] = [{ width, height, plane, weight: known }];
  for (let level = levels[0]!; Math.max(level.width, level.height) > 1;) {
    level = pull(level);
    levels.push(level);
  }
  for (let index = levels.length - 2; index >= 0; index--) {
    push(levels[index + 1]!, levels[index]!);
    relax(levels[index]!);
  }
}

/** Averages 2 × 2 pixels by their weights; a result is fully known once one of its four pixels is. */
function pull(fine: Level): Level {
  const width = (fine.width + 1) >> 1;
  const height = (fine.height + 1) >> 1;
  const plane = new Float32Array(width * height);
  const weights = new Float32Array(width * height);
  for (let y = 0; y < fine.height; y++) {
    for (let x = 0; x < fine.width; x++) {
      const weight = fine.weight[y * fine.width + x]!;
      const target = (y >> 1) * width + (x >> 1);
      weights[target]! += weight;
      plane[target]! += weight * fine.plane[y * fine.width + x]!;
    }
  }
  for (let pixel = 0; pixel < plane.length; pixel++) {
    plane[pixel]! /= Math.max(1e-6, weights[pixel]!);
    weights[pixel] = Math.min(1, weights[pixel]!);
  }
  return { width, height, plane, weight: weights };
}

/** Gives the unknown pixels of a level the values of the coarser one, bilinearly. */
function push(coarse: Level, fine: Level): void {
  const source = coarse.plane;
  for (let y = 0; y < fine.height; y++) {
    const down = Math.max(0, Math.min(coarse.height - 1, (y - 0.5) / 2));
    const above = Math.floor(down) * coarse.width;
    const below = Math.min(coarse.height - 1, Math.floor(down) + 1) * coarse.width;
    const fy = down - Math.floor(down);
    for (let x = 0; x < fine.width; x++) {
      const pixel = y * fine.width + x;
      if (fine.weight[pixel] === 0) {
        const across = Math.max(0, Math.min(coarse.width - 1, (x - 0.5) / 2));
        const left = Math.floor(across);
        const right = Math.min(coarse.width - 1, left + 1);
        const fx = across - left;
        const top = source[above + left]! * (1 - fx) + source[above + right]! * fx;
        const bottom = source[below + left]! * (1 - fx) + source[below + right]! * fx;
        fine.plane[pixel] = top * (1 - fy) + bottom * fy;
      }
    }
  }
}

/** Relaxes the unknown pixels of a level. */
function relax(level: Level): void {
  for (let round = 0; round < ROUNDS; round++) {
    relaxOnce(level);
  }
}

/** One Gauss-Seidel round: each unknown pixel becomes the mean of its neighbours; the known ones are the frame. */
function relaxOnce({ width, height, plane, weight }: Level): void {
  for (let y = 0; y < height; y++) {
    const up = y > 0 ? width : 0;
    const down = y < height - 1 ? width : 0;
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      if (weight[pixel] === 0) {
        const left = x > 0 ? 1 : 0;
        const right = x < width - 1 ? 1 : 0;
        plane[pixel] = (plane[pixel - left]! + plane[pixel + right]! + plane[pixel - up]! + plane[pixel + down]!) / 4;
      }
    }
  }
}
