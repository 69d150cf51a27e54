/** A dense tensor. Model inputs and outputs are float32 (or int64 where a published file wants it); half floats stay inside the graph. */
export interface Tensor {
  readonly dims: readonly number[];
  /** Row-major values: as many as the product of `dims`. */
  readonly data: Float32Array | BigInt64Array;
}

/** Tensors by the model's own input or output name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;
