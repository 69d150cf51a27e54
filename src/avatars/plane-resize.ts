import type { PlaneSize } from './box-filter.ts';

/** Where an output sample lies between two input samples. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Weight of the second sample. */
  readonly weight: Float32Array;
}

/** Resamples a plane bilinearly, edges aligned with edges; meant for enlarging. */
export function resizePlane(plane: Float32Array, from: PlaneSize, to: PlaneSize): Float32Array {
  const across = makeTaps(from.width, to.width);
  const down = makeTaps(from.height, to.height);
  const resized = new Float32Array(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const above = down.first[y]! * from.width;
    const below = down.second[y]! * from.width;
    const fy = down.weight[y]!;
    for (let x = 0; x < to.width; x++) {
      const left = across.first[x]!;
      const right = across.second[x]!;
      const fx = across.weight[x]!;
      const top = plane[above + left]! * (1 - fx) + plane[above + right]! * fx;
      const bottom = plane[below + left]! * (1 - fx) + plane[below + right]! * fx;
      resized[y * to.width + x] = top * (1 - fy) + bottom * fy;
    }
  }
  return resized;
}

function makeTaps(from: number, to: number): Taps {
  const taps = { first: new Int32Array(to), second: new Int32Array(to), weight: new Float32Array(to) };
  for (let index = 0; index < to; index++) {
    const position = Math.max(0, Math.min(from - 1, ((index + 0.5) * from) / to - 0.5));
    taps.first[index] = Math.floor(position);
    taps.second[index] = Math.min(from - 1, Math.floor(position) + 1);
    taps.weight[index] = position - Math.floor(position);
  }
  return taps;
}
