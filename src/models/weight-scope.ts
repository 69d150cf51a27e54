import { InvalidStateError } from '../base/errors.ts';
import type { Layer } from './graph-layers.ts';
import type { LazyTensor } from './lazy-tensor.ts';

/** Where the weights of a network come from; names are those of the official checkpoints. */
export interface TensorSource {
  /** Returns the tensor of that name, and makes sure that it has the shape. */
  tensor(name: string, shape: readonly number[]): LazyTensor;
  /** Notes a tensor that official files hold and no graph needs. */
  unused(name: string, shape: readonly number[]): void;
}

/** Returns a source that notes every tensor as unused, to name the parts that only training needs. */
export function asUnused(source: TensorSource): TensorSource {
  return {
    tensor: (name, shape) => {
      source.unused(name, shape);
      return { shape, read: () => { throw new InvalidStateError(`${name} is no part of a graph.`); } };
    },
    unused: (name, shape) => { source.unused(name, shape); },
  };
}

/** A batch norm in evaluation mode. */
export interface Norm {
  readonly weight: LazyTensor;
  readonly bias: LazyTensor;
  readonly mean: LazyTensor;
  readonly variance: LazyTensor;
}

/** The part of a `TensorSource` under one name. */
export class WeightScope {
  readonly #source: TensorSource;
  readonly #prefix: string;

  constructor(source: TensorSource, prefix: string) {
    this.#source = source;
    this.#prefix = prefix;
  }

  /** Returns the scope of a part. */
  at(name: string): WeightScope {
    return new WeightScope(this.#source, `${this.#prefix}.${name}`);
  }

  /** Returns one tensor. */
  tensor(name: string, shape: readonly number[]): LazyTensor {
    return this.#source.tensor(`${this.#prefix}.${name}`, shape);
  }

  /** Notes one tensor that no graph needs. */
  unused(name: string, shape: readonly number[]): void {
    this.#source.unused(`${this.#prefix}.${name}`, shape);
  }

  /** Returns the layer `name` with a weight of this shape and a bias. */
  layer(name: string, shape: readonly number[]): Layer {
    return { ...this.layerWithoutBias(name, shape), bias: this.tensor(`${name}.bias`, shape.slice(0, 1)) };
  }

  /** Returns the layer `name` with a weight of this shape and no bias. */
  layerWithoutBias(name: string, shape: readonly number[]): Layer {
    return { weight: this.tensor(`${name}.weight`, shape) };
  }

  /** Returns the transposed convolution `name`, whose weight is Cin × Cout × kernel. */
  transposedLayer(name: string, shape: readonly number[]): Layer {
    return { ...this.layerWithoutBias(name, shape), bias: this.tensor(`${name}.bias`, shape.slice(1, 2)) };
  }

  /** Returns the batch norm `name` over so many channels. */
  norm(name: string, channels: number): Norm {
    this.unused(`${name}.num_batches_tracked`, []);
    return {
      weight: this.tensor(`${name}.weight`, [channels]),
      bias: this.tensor(`${name}.bias`, [channels]),
      mean: this.tensor(`${name}.running_mean`, [channels]),
      variance: this.tensor(`${name}.running_var`, [channels]),
    };
  }
}
