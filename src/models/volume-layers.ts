import type { GraphBuilder, Value } from './graph-builder.ts';
import { type Layer, concat, convolution, reshape, slice } from './graph-layers.ts';
import { permuted, reshaped } from './lazy-tensor.ts';

/**
 * Shape of a volume that is kept as slices: (N · depth) × channels × height × width. Two-dimensional convolutions are what
 * ONNX Runtime is quick at on a CPU, and a three-dimensional one is a two-dimensional one over neighbouring slices side by side.
 */
export interface SliceShape {
  readonly depth: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Adds a three-dimensional convolution of stride 1 with zero padding of half its (odd) kernel to a volume kept as slices. */
export function volumeConvolution(g: GraphBuilder, x: Value, layer: Layer, shape: SliceShape): Value {
  const [outputs, channels, kernelDepth, kernelHeight, kernelWidth] = layer.weight.shape as [number, number, number, number, number];
  const sideBySide = permuted(layer.weight, [0, 2, 1, 3, 4]);
  return convolution(g, neighbours(g, x, shape, kernelDepth), {
    weight: reshaped(sideBySide, [outputs, kernelDepth * channels, kernelHeight, kernelWidth]),
    bias: layer.bias,
  }, { pad: [kernelHeight >> 1, kernelWidth >> 1] });
}

/** Adds the slices `−count/2 … count/2` around each slice, side by side in the channels; zeros beyond the first and the last. */
function neighbours(g: GraphBuilder, x: Value, { depth, channels, height, width }: SliceShape, count: number): Value {
  if (count === 1) {
    return x;
  }
  const volume = reshape(g, x, [-1, depth, channels, height, width]);
  const margin = count >> 1;
  const padded = g.node('Pad', [volume, g.integers([0, margin, 0, 0, 0, 0, margin, 0, 0, 0])]);
  const shifted = Array.from({ length: count }, (_, k) => slice(g, padded, [k, k + depth], 1));
  return reshape(g, concat(g, shifted, 2), [-1, count * channels, height, width]);
}

/** Adds the change from slices to N × channels × depth × height × width. */
export function toVolume(g: GraphBuilder, x: Value, { depth, channels, height, width }: SliceShape): Value {
  return g.node('Transpose', [reshape(g, x, [-1, depth, channels, height, width])], { perm: [0, 2, 1, 3, 4] });
}

/** Adds the change from N × channels × depth × height × width to slices. */
export function toSlices(g: GraphBuilder, x: Value, { channels, height, width }: SliceShape): Value {
  return reshape(g, g.node('Transpose', [x], { perm: [0, 2, 1, 3, 4] }), [-1, channels, height, width]);
}

/**
 * Returns a layer whose output channels c · depth + d come in the order d · channels + c, so that its output can be read as
 * slices without moving data.
 */
export function depthFirst(layer: Layer, depth: number): Layer {
  const { weight, bias } = layer;
  const [outputs, ...rest] = weight.shape as [number, ...number[]];
  const channels = outputs / depth;
  const order = [1, 0, ...rest.map((_, i) => i + 2)];
  return {
    weight: reshaped(permuted(reshaped(weight, [channels, depth, ...rest]), order), weight.shape),
    bias: bias === undefined ? undefined : reshaped(permuted(reshaped(bias, [channels, depth]), [1, 0]), bias.shape),
  };
}
