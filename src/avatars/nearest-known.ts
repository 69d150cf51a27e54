import type { PlaneSize } from './box-filter.ts';

/** Steps to the neighbours that a sweep from the upper left has passed already; the sweep back takes their opposites. */
const PASSED = [[-1, 0], [-1, -1], [0, -1], [1, -1]] as const;

/** The way from each pixel to the nearest known one, in pixels; Infinity where none is known. */
export interface WayToKnown {
  readonly dx: Float32Array;
  readonly dy: Float32Array;
}

/**
 * Finds the known pixel nearest to each pixel: a vector distance transform in two sweeps (Danielsson, "Euclidean Distance Mapping", 1980),
 * right to within a fraction of a pixel.
 * @param known 1 for known pixels, 0 for the others.
 */
export function nearestKnown(known: Float32Array, size: PlaneSize): WayToKnown {
  const way: WayToKnown = { dx: known.map((value) => (value === 1 ? 0 : Infinity)), dy: known.map((value) => (value === 1 ? 0 : Infinity)) };
  sweep(way, size, 1);
  sweep(way, size, -1);
  sweep(way, size, 1);
  return way;
}

/** Visits all pixels, in the order of rows or against it, and takes over a neighbour's way where it is shorter. */
function sweep(way: WayToKnown, { width, height }: PlaneSize, direction: 1 | -1): void {
  const pixels = width * height;
  for (let step = 0; step < pixels; step++) {
    const pixel = direction === 1 ? step : pixels - 1 - step;
    if (way.dx[pixel] === 0 && way.dy[pixel] === 0) {
      continue;
    }
    const x = pixel % width;
    for (const [across, down] of PASSED) {
      const stepX = across * direction;
      const neighbour = pixel + down * direction * width + stepX;
      if (x + stepX >= 0 && x + stepX < width && neighbour >= 0 && neighbour < pixels) {
        takeOver(way, pixel, { neighbour, stepX, stepY: down * direction });
      }
    }
  }
}

function takeOver({ dx, dy }: WayToKnown, pixel: number, from: { readonly neighbour: number; readonly stepX: number; readonly stepY: number }): void {
  const x = dx[from.neighbour]! + from.stepX;
  const y = dy[from.neighbour]! + from.stepY;
  if (x * x + y * y < dx[pixel]! ** 2 + dy[pixel]! ** 2) {
    dx[pixel] = x;
    dy[pixel] = y;
  }
}
