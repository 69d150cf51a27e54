import type { GraphBuilder, Value } from './graph-builder.ts';
import type { Layer } from './graph-layers.ts';
import { type LazyTensor, elementCount, filled } from './lazy-tensor.ts';
import type { Norm, WeightScope } from './weight-scope.ts';

/** Epsilon of every batch norm and instance norm. */
export const NORM_EPSILON = 1e-5;

/** Returns the convolution that does what a convolution followed by a batch norm does; computed in double precision and rounded once. */
export function foldNorm(layer: Layer, norm: Norm): Layer {
  const { weight } = layer;
  const channels = weight.shape[0]!;
  return {
    weight: filled(weight.shape, (values) => {
      values.set(weight.read());
      scaleRows(values, normScale(norm));
    }),
    bias: filled([channels], (values) => {
      const scale = normScale(norm);
      const [bias, mean, shift] = [layer.bias?.read(), norm.mean.read(), norm.bias.read()];
      for (let c = 0; c < channels; c++) {
        values[c] = ((bias?.[c] ?? 0) - mean[c]!) * scale[c]! + shift[c]!;
      }
    }),
  };
}

/** Adds a batch norm as a node of its own, where nothing before it can take it in. */
export function normalise(g: GraphBuilder, x: Value, norm: Norm): Value {
  return g.node('BatchNormalization', [x, g.constant(norm.weight), g.constant(norm.bias), g.constant(norm.mean), g.constant(norm.variance)], {
    epsilon: { float: NORM_EPSILON },
  });
}

/**
 * Returns the spectrally normalised convolution `name`: weight_orig / σ with σ = uᵀ · W · v, W being weight_orig as
 * a matrix of Cout rows (PyTorch's spectral_norm in evaluation mode: no power iteration).
 */
export function spectralLayer(scope: WeightScope, name: string, form: { shape: readonly number[]; bias: boolean }): Layer {
  const { shape, bias } = form;
  const columns = elementCount(shape.slice(1));
  const original = scope.tensor(`${name}.weight_orig`, shape);
  const left = scope.tensor(`${name}.weight_u`, shape.slice(0, 1));
  const right = scope.tensor(`${name}.weight_v`, [columns]);
  const weight = filled(shape, (values) => {
    const matrix = original.read();
    const sigma = bilinear(left.read(), matrix, right.read());
    for (let i = 0; i < matrix.length; i++) {
      values[i] = matrix[i]! / sigma;
    }
  });
  return bias ? { weight, bias: scope.tensor(`${name}.bias`, shape.slice(0, 1)) } : { weight };
}

function normScale(norm: Norm): Float64Array {
  const [weight, variance] = [norm.weight.read(), norm.variance.read()];
  return Float64Array.from(weight, (value, c) => value / Math.sqrt(variance[c]! + NORM_EPSILON));
}

function scaleRows(values: Float32Array, scale: Float64Array): void {
  const columns = values.length / scale.length;
  for (let row = 0; row < scale.length; row++) {
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      values[i] = values[i]! * scale[row]!;
    }
  }
}

function bilinear(left: Float32Array, matrix: Float32Array, right: Float32Array): number {
  let total = 0;
  for (let row = 0; row < left.length; row++) {
    let sum = 0;
    for (let column = 0; column < right.length; column++) {
      sum += matrix[row * right.length + column]! * right[column]!;
    }
    total += left[row]! * sum;
  }
  return total;
}

/** Returns the tensor with a number added to every value. */
export function plus(tensor: LazyTensor, value: number): LazyTensor {
  return filled(tensor.shape, (values) => {
    values.set(tensor.read());
    for (let i = 0; i < values.length; i++) {
      values[i] = values[i]! + value;
    }
  });
}

/** Returns the convolution that does what a convolution followed by a 1 × 1 convolution without a bias does. */
export function followed(layer: Layer, { weight: narrow }: Layer): Layer {
  const [outputs, between] = narrow.shape as [number, number];
  const { weight, bias } = layer;
  const columns = elementCount(weight.shape.slice(1));
  const product = (values: Float32Array, width: number): Float32Array => {
    const mix = narrow.read();
    const result = new Float32Array(outputs * width);
    const row = new Float64Array(width);
    for (let o = 0; o < outputs; o++) {
      row.fill(0);
      for (let c = 0; c < between; c++) {
        const share = mix[o * between + c]!;
        for (let i = 0; i < width; i++) {
          row[i] = row[i]! + share * values[c * width + i]!;
        }
      }
      result.set(row, o * width);
    }
    return result;
  };
  return {
    weight: filled([outputs, ...weight.shape.slice(1)], (values) => { values.set(product(weight.read(), columns)); }),
    bias: bias && filled([outputs], (values) => { values.set(product(bias.read(), 1)); }),
  };
}
