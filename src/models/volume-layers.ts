import type { GraphBuilder, Value } from './graph-builder.ts';
import { type Layer, add, concat, convolution, enlarge, matrixProduct, reshape, slice } from './graph-layers.ts';
import { permuted, reshaped } from './lazy-tensor.ts';
import { type MinimalFilter, joinedFilter, minimalFilter } from './minimal-filter.ts';
import { isTiled } from './plane-convolution.ts';
import { type Matrix, constantMatrix } from './small-matrix.ts';
import { depthWeights, tiledConvolutions } from './tiled-convolution.ts';

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

/** Slices that are made at once from products along the depth. */
const DEPTH_TILE = 4;

/** Points of the minimal filterings along the depth; of fewer taps the first ones. */
const DEPTH_POINTS = Object.freeze([0, 1, -1, 2, -2, 0.5]);

/** Most taps of one minimal filtering: with more, float32 is too coarse. */
const MOST_DEPTH_TAPS = 4;

/**
 * Adds a three-dimensional convolution of stride 1 with zero padding of half its (odd) kernel to a volume kept as slices, which
 * may first be enlarged.
 */
export function volumeConvolution(g: GraphBuilder, x: Value, layer: Layer, shape: SliceShape): Value {
  if (g.workingType === 'float32' && layer.weight.shape[2]! > 1 && shape.depth % DEPTH_TILE === 0) {
    return depthTiled(g, x, layer, shape);
  }
  const { enlarged = 1 } = shape;
  const map = enlarged === 1 ? x : enlarge(g, x, enlarged);
  return plainConvolution(g, map, layer, { ...shape, height: shape.height * enlarged, width: shape.width * enlarged });
}

/**
 * Adds the convolution by minimal filtering along the depth: four slices come from six plane convolutions for a kernel three deep
 * and from thirteen for one seven deep, where it takes twelve and twenty-eight one by one.
 */
function depthTiled(g: GraphBuilder, x: Value, layer: Layer, shape: SliceShape): Value {
  const { depth, channels, height, width, enlarged = 1 } = shape;
  const outputs = layer.weight.shape[0]!;
  const filter = depthFilter(layer.weight.shape[2]!);
  const banks = filter.taps.length;
  const spreading = g.shared(`depth inputs ${banks} × ${depth}`, () => constantMatrix(depthSpreading(filter, depth)));
  const spread = matrixProduct(g, spreading, reshape(g, x, [-1, depth, channels * height * width]));
  const planes = bankConvolution(g, reshape(g, spread, [-1, banks * channels, height, width]), layer, { filter, side: height, enlarged });
  const joining = g.shared(`depth outputs ${banks}`, () => constantMatrix(filter.outputs));
  const size = height * width * enlarged * enlarged;
  const joined = matrixProduct(g, joining, reshape(g, planes, [-1, banks, outputs * size]));
  const slices = reshape(g, joined, [-1, outputs, height * enlarged, width * enlarged]);
  return layer.bias === undefined ? slices : add(g, slices, g.constant(reshaped(layer.bias, [outputs, 1, 1])));
}

/** Adds a plane convolution for each product along the depth: N × (banks · channels) × … → N × (banks · outputs) × …. */
function bankConvolution(g: GraphBuilder, x: Value, { weight }: Layer, { filter, side, enlarged }: { filter: MinimalFilter; side: number; enlarged: 1 | 2 }): Value {
  const [outputs, channels, , ...kernel] = weight.shape as [number, number, number, number, number];
  if (kernel[0] === 3 && isTiled(g, { weight }, side * enlarged)) {
    return tiledConvolutions(g, x, [{ weight }], { side, enlarged, depthTaps: filter.taps })[0]!;
  }
  const banks = filter.taps.length;
  const weights = depthWeights(g, permuted(weight, [2, 0, 1, 3, 4]), filter.taps, [banks * outputs, channels, ...kernel]);
  const pads = kernel.map((size) => size >> 1);
  return g.node('Conv', [enlarged === 1 ? x : enlarge(g, x, enlarged), weights], {
    kernel_shape: kernel, strides: [1, 1], dilations: [1, 1], pads: [...pads, ...pads], group: banks,
  });
}

function depthFilter(taps: number): MinimalFilter {
  const few = Math.min(taps, MOST_DEPTH_TAPS);
  const filter = minimalFilter(DEPTH_POINTS.slice(0, few + DEPTH_TILE - 2), DEPTH_TILE);
  return few === taps ? filter : joinedFilter(filter, depthFilter(taps - few));
}

/** Returns what makes the products' inputs of a volume's slices, zeros beyond the first and the last: (tiles · products) × depth. */
function depthSpreading({ inputs, taps }: MinimalFilter, depth: number): Matrix {
  const margin = taps[0]!.length >> 1;
  return Array.from({ length: depth / DEPTH_TILE }, (_, tile) => inputs.map((row) =>
    Array.from({ length: depth }, (_slice, d) => row[d - tile * DEPTH_TILE + margin] ?? 0))).flat();
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
