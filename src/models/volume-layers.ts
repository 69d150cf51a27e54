import type { GraphBuilder, Value } from './graph-builder.ts';
import { type Layer, concat, convolution, enlarge, reshape, slice } from './graph-layers.ts';
import { permuted, reshaped } from './lazy-tensor.ts';
import { isTiled } from './plane-convolution.ts';
import { TILE, tiledConvolutions } from './tiled-convolution.ts';

/**
 * Shape of a volume that is kept as slices: (N · depth) × channels × height × width. Two-dimensional convolutions are what
 * ONNX Runtime is quick at on a CPU, and a three-dimensional one is a two-dimensional one over neighbouring slices side by side.
 */
export interface SliceShape {
  readonly depth: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Times it is enlarged in height and width, by repeating its pixels, before it is convolved. Default 1. */
  readonly enlarged?: 1 | 2;
}

/** Height and width up to which a volume is convolved in three dimensions at once. */
const SMALLEST_PLANE = 4;

/**
 * Adds a three-dimensional convolution of stride 1 with zero padding of half its (odd) kernel to a volume kept as slices, which
 * may first be enlarged.
 */
export function volumeConvolution(g: GraphBuilder, x: Value, layer: Layer, shape: SliceShape): Value {
  const { enlarged = 1 } = shape;
  if (layer.weight.shape.at(-1) === 3 && isTiled(g, layer, shape.height * enlarged)) {
    return tiledConvolutions(g, x, [layer], { side: shape.height, enlarged, neighbours: (tiles) => neighbourTiles(g, tiles, shape) })[0]!;
  }
  const map = enlarged === 1 ? x : enlarge(g, x, enlarged);
  return plainConvolution(g, map, layer, { ...shape, height: shape.height * enlarged, width: shape.width * enlarged });
}

/** Adds a convolution of a volume that is not done by tiles, in the way that measured fastest for its shape. */
function plainConvolution(g: GraphBuilder, x: Value, layer: Layer, shape: SliceShape): Value {
  const [outputs, channels, kernelDepth, kernelHeight, kernelWidth] = layer.weight.shape as [number, number, number, number, number];
  if (outputs < channels && kernelDepth > 1) {
    return depthSummed(g, x, layer, shape);
  }
  if (shape.height <= SMALLEST_PLANE) {
    // So few pixels that reading the weights once for each slice would cost more than the work.
    const volume = convolution(g, toVolume(g, x, shape), layer, { pad: [kernelDepth >> 1, kernelHeight >> 1, kernelWidth >> 1] });
    return toSlices(g, volume, { ...shape, channels: outputs });
  }
  const sideBySide = permuted(layer.weight, [0, 2, 1, 3, 4]);
  return convolution(g, neighbours(g, x, shape, kernelDepth), {
    weight: reshaped(sideBySide, [outputs, kernelDepth * channels, kernelHeight, kernelWidth]),
    bias: layer.bias,
  }, { pad: [kernelHeight >> 1, kernelWidth >> 1] });
}

/**
 * Adds a convolution of few outputs: every depth of the kernel is a plane convolution of its own, all of them one, and what they
 * give is added up over neighbouring slices. Less is moved than by putting the many inputs side by side.
 */
function depthSummed(g: GraphBuilder, x: Value, { weight, bias }: Layer, { depth, height, width }: SliceShape): Value {
  const [outputs, channels, kernelDepth, kernelHeight, kernelWidth] = weight.shape as [number, number, number, number, number];
  const perDepth = reshaped(permuted(weight, [2, 0, 1, 3, 4]), [kernelDepth * outputs, channels, kernelHeight, kernelWidth]);
  const planes = convolution(g, x, { weight: perDepth }, { pad: [kernelHeight >> 1, kernelWidth >> 1] });
  const margin = kernelDepth >> 1;
  const padded = g.node('Pad', [reshape(g, planes, [-1, depth, kernelDepth, outputs * height * width]), g.integers([0, margin, 0, 0, 0, margin, 0, 0])]);
  const terms = Array.from({ length: kernelDepth }, (_, k) => slice(g, slice(g, padded, [k, k + depth], 1), [k, k + 1], 2));
  const sum = reshape(g, g.node('Sum', terms), [-1, outputs, height, width]);
  return bias === undefined ? sum : g.node('Add', [sum, g.constant(reshaped(bias, [outputs, 1, 1]))]);
}

/**
 * Adds the transformed tiles of the slice before, the slice itself and the slice after, side by side in axis 1:
 * products × channels × (N · depth) × tiles → products × (3 · channels) × N × (depth · tiles).
 */
function neighbourTiles(g: GraphBuilder, tiles: Value, { depth, channels, height, width, enlarged = 1 }: SliceShape): Value {
  const count = (height * width * enlarged * enlarged) / (TILE * TILE);
  const perVolume = reshape(g, tiles, [0, channels, -1, depth * count]);
  const padded = g.node('Pad', [perVolume, g.integers([0, 0, 0, count, 0, 0, 0, count])]);
  return concat(g, [0, 1, 2].map((k) => slice(g, padded, [k * count, (k + depth) * count], 3)), 1);
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
function toSlices(g: GraphBuilder, x: Value, { channels, height, width }: SliceShape): Value {
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
