/** Size of a plane of numbers. */
export interface PlaneSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Returns the mean over a square of `2 * radius + 1` pixels around every pixel of a plane; at the borders, over the part inside.
 * The cost does not depend on the radius.
 */
export function boxMean(plane: Float32Array, size: PlaneSize, radius: number): Float32Array {
  const { width, height } = size;
  const rows = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    const start = y * width;
    let sum = 0;
    for (let x = 0; x < Math.min(radius, width); x++) {
      sum += plane[start + x]!;
    }
    for (let x = 0; x < width; x++) {
      if (x + radius < width) {
        sum += plane[start + x + radius]!;
      }
      if (x - radius > 0) {
        sum -= plane[start + x - radius - 1]!;
      }
      rows[start + x] = sum / (Math.min(width - 1, x + radius) - Math.max(0, x - radius) + 1);
    }
  }
  return columnMeans(rows, size, radius);
}

function columnMeans(plane: Float32Array, { width, height }: PlaneSize, radius: number): Float32Array {
  const means = new Float32Array(plane.length);
  const sums = new Float64Array(width);
  for (let y = 0; y < Math.min(radius, height); y++) {
    for (let x = 0; x < width; x++) {
      sums[x]! += plane[y * width + x]!;
    }
  }
  for (let y = 0; y < height; y++) {
    const entering = (y + radius) * width;
    const leaving = (y - radius - 1) * width;
    const count = Math.min(height - 1, y + radius) - Math.max(0, y - radius) + 1;
    for (let x = 0; x < width; x++) {
      if (y + radius < height) {
        sums[x]! += plane[entering + x]!;
      }
      if (y - radius > 0) {
        sums[x]! -= plane[leaving + x]!;
      }
      means[y * width + x] = sums[x]! / count;
    }
  }
  return means;
}
