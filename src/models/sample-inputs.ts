import { elementCount } from './lazy-tensor.ts';
import type { OnnxPort } from './onnx-model-file.ts';

/** A tensor that goes into a graph or comes out. */
export interface RunTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array | Uint8Array;
}

/** Tensors by name. */
export type RunTensors = Readonly<Record<string, RunTensor>>;

/** A loaded graph; `OnnxModel` is one. */
export interface RunnableGraph {
  /** Hands back the outputs wanted, by default all. */
  run(feeds: RunTensors, options?: { readonly outputs?: readonly string[] }): Promise<RunTensors>;
  close(): Promise<void>;
}

/** Lengths of free axes for each frame, face or chunk of a batch. */
const FREE_AXES: Readonly<Record<string, number>> = { windows: 32 };
/** A free axis that a batch does not lengthen: one portrait for all its frames. */
const SHARED_AXIS = 'portraits';

/** Lowest and highest value of inputs that are not in −1..1; a view of not-a-number leaves the angles to the net. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  image: [0, 1], ratio: [0, 1], mel: [-4, 4], reference: [-0.3, 0.3], canonical: [-0.8, 0.8], view: [NaN, NaN],
};

/** Returns inputs for one run of a graph with a batch of so many: smooth, always the same, in each input's usual range. */
export function sampleInputs(inputs: readonly OnnxPort[], batch = 1): RunTensors {
  const free = (axis: string): number => (axis === SHARED_AXIS ? 1 : batch * (FREE_AXES[axis] ?? 1));
  return Object.fromEntries(inputs.map(({ name, type, dims }) => {
    const lengths = dims.map((dim) => (typeof dim === 'number' ? dim : free(dim)));
    const count = elementCount(lengths);
    return [name, { dims: lengths, data: type === 'int64' ? new BigInt64Array(count) : wave(count, RANGES[name] ?? [-1, 1]) }];
  }));
}

function wave(count: number, [lowest, highest]: readonly [number, number]): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => lowest + (highest - lowest) * (0.5 + 0.5 * Math.sin(0.37 * i + 0.0001 * i * Math.sin(i))));
}
