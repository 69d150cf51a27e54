/** A dense tensor: float32, int64 where a published file wants it, or uint8 for pictures; half floats stay inside the graph. */
export interface Tensor {
  readonly dims: readonly number[];
  /** Row-major values: as many as the product of `dims`. */
  readonly data: Float32Array | BigInt64Array | Uint8Array;
}

/** Tensors by the model's own input or output name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** What one run of a model is to do. */
export interface RunOptions {
  /** Outputs to hand back. Default: all of them. */
  readonly outputs?: readonly string[];
}
