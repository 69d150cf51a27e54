import type { PlaneSize } from './box-filter.ts';
import type { ColourPlanes } from './guided-filter.ts';
import type { RgbImage } from './rgb-image.ts';

/** Returns a picture's colours as planes of 0..1, reduced to a size by averaging the area each result covers. */
export function reduceImage(image: RgbImage, to: PlaneSize): ColourPlanes {
  return [reduceChannel(image, 0, to), reduceChannel(image, 1, to), reduceChannel(image, 2, to)];
}

function reduceChannel({ width, height, data }: RgbImage, channel: number, to: PlaneSize): Float32Array {
  const narrow = new Float32Array(to.width * height);
  for (let x = 0; x < to.width; x++) {
    const start = (x * width) / to.width;
    const end = ((x + 1) * width) / to.width;
    for (let source = Math.floor(start); source < end; source++) {
      const weight = (Math.min(end, source + 1) - Math.max(start, source)) / (255 * (end - start));
      for (let y = 0; y < height; y++) {
        narrow[y * to.width + x]! += weight * data[(y * width + source) * 3 + channel]!;
      }
    }
  }
  return reduceRows(narrow, height, to);
}

function reduceRows(plane: Float32Array, height: number, to: PlaneSize): Float32Array {
  const reduced = new Float32Array(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const start = (y * height) / to.height;
    const end = ((y + 1) * height) / to.height;
    for (let source = Math.floor(start); source < end; source++) {
      const weight = (Math.min(end, source + 1) - Math.max(start, source)) / (end - start);
      for (let x = 0; x < to.width; x++) {
        reduced[y * to.width + x]! += weight * plane[source * to.width + x]!;
      }
    }
  }
  return reduced;
}
