import type { GraphBuilder, Value } from '../graph-builder.ts';
import { add, averagePool, concat, convolution, divide, matrixProduct, multiply, relu, reshape, sigmoid, single, slice, softmax, subtract, transpose, working } from '../graph-layers.ts';
import { foldNorm } from '../layer-folding.ts';
import { type LazyTensor, filled, known, permuted, reshaped } from '../lazy-tensor.ts';
import { HALVINGS, type NetworkWidths, channelsAt, motionCount } from '../network-widths.ts';
import { volumeConvolution } from '../volume-layers.ts';
import type { WeightScope } from '../weight-scope.ts';

/** Variance of the keypoint heat maps. */
const HEAT_VARIANCE = 0.01;
/** Side of the kernel that tells what is occluded. */
const OCCLUSION_KERNEL = 7;
/** Mask values below this do not move anything. */
const MASK_FLOOR = 1e-3;

/** Size of the motion networks' maps. */
interface MotionForm {
  readonly widths: NetworkWidths;
  /** Height and width. */
  readonly side: number;
}

/** What the dense motion network says of one batch of frames. */
export interface DenseMotion {
  /** N × motions × depth × side × side: share of each motion, before the cut; float32. */
  readonly mask: Value;
  /** N × depth × side × side × 3: where each voxel comes from (x, y, z in −1..1); float32. */
  readonly deformation: Value;
  /** N × 1 × side × side in 0..1. */
  readonly occlusion: Value;
}

/** Adds the part of the dense motion network that depends on the portrait alone: feature volume as slices → compressed, as slices. */
export function compressFeature(g: GraphBuilder, scope: WeightScope, { widths, side }: MotionForm, feature: Value): Value {
  const { motion, appearance, depth } = widths;
  const layer = foldNorm(scope.layer('compress', [motion.compressed, appearance.volume, 1, 1, 1]), scope.norm('norm', motion.compressed));
  return relu(g, volumeConvolution(g, feature, layer, { depth, channels: appearance.volume, height: side, width: side }));
}

/** Inputs of the per-frame part. */
export interface MotionInputs {
  /** Compressed feature volume, 1 or N × compressed × depth × side × side, float32. */
  readonly compressed: Value;
  /** 1 or N × keypoints × 3, float32. */
  readonly source: Value;
  /** N × keypoints × 3, float32. */
  readonly driving: Value;
}

/** Adds the dense motion network of one batch of frames. */
export function denseMotion(g: GraphBuilder, scope: WeightScope, form: MotionForm, inputs: MotionInputs): DenseMotion {
  const { widths, side } = form;
  const { depth } = widths;
  const motions = motionCount(widths);
  const shift = motionShifts(g, inputs);
  const x = working(g, hourglassInput(g, form, { ...inputs, shift }));
  const { prediction, channels } = hourglass(g, scope.at('hourglass'), form, x);
  const maskLayer = scope.layer('mask', [motions, channels, 7, 7, 7]);
  const scores = volumeConvolution(g, prediction, maskLayer, { depth, channels, height: side, width: side });
  const mask = softmax(g, single(g, scores), 1);
  return {
    mask: transpose(g, reshape(g, mask, [-1, depth, motions, side, side]), [0, 2, 1, 3, 4]),
    deformation: deformationField(g, form, { mask, shift }),
    occlusion: occlusionMap(g, scope, { prediction, channels }, form),
  };
}

/** Adds kp_source − kp_driving, with the motion that moves nothing in front: N × motions × 3. */
function motionShifts(g: GraphBuilder, { source, driving }: MotionInputs): Value {
  const shifts = subtract(g, source, driving);
  const still = slice(g, subtract(g, shifts, shifts), [0, 1], 1);
  return concat(g, [still, shifts], 1);
}

/**
 * Adds the hourglass's input as slices: for each motion its heat map and the compressed feature moved by it.
 * Motions shift the whole volume, so sampling is separable: one small matrix for each axis and motion.
 */
function hourglassInput(g: GraphBuilder, { widths, side }: MotionForm, inputs: MotionInputs & { shift: Value }): Value {
  const { depth, motion: { compressed } } = widths;
  const motions = motionCount(widths);
  const planes = reshape(g, inputs.compressed, [-1, 1, compressed, depth, side * side]);
  const [alongX, alongY, alongZ] = [side, side, depth].map((length, axis) => samplingMatrix(g, slice(g, inputs.shift, [axis, axis + 1], 2), length)) as [Value, Value, Value];
  const inDepth = matrixProduct(g, reshape(g, alongZ, [-1, motions, 1, depth, depth]), planes);
  const rows = reshape(g, inDepth, [-1, motions, compressed * depth, side, side]);
  const inHeight = matrixProduct(g, reshape(g, alongY, [-1, motions, 1, side, side]), rows);
  const columns = reshape(g, inHeight, [-1, motions, compressed * depth * side, side]);
  const moved = matrixProduct(g, columns, transpose(g, alongX, [0, 1, 3, 2]));
  const joined = concat(g, [heatMaps(g, { widths, side }, inputs), reshape(g, moved, [-1, motions, compressed, depth, side * side])], 2);
  return reshape(g, transpose(g, joined, [0, 3, 1, 2, 4]), [-1, motions * (compressed + 1), side, side]);
}

/**
 * Adds max(0, 1 − |((g_n + shift + 1) · length − 1) / 2 − i|), the linear sampling (zeros outside, corners not aligned) of an
 * axis whose grid g runs from −1 to 1: shifts N × motions × 1 → N × motions × length × length.
 */
function samplingMatrix(g: GraphBuilder, shift: Value, length: number): Value {
  const start = g.constant(filled([length, 1], (values) => { values.forEach((_, n) => { values[n] = coordinate(n, length) + 1; }); }), 'float32');
  const indices = g.constant(filled([1, length], (values) => { values.forEach((_, i) => { values[i] = i; }); }), 'float32');
  const positions = divide(g, subtract(g, multiply(g, add(g, start, reshape(g, shift, [0, 0, 1, 1])), length), 1), 2);
  const distance = g.node('Abs', [subtract(g, positions, indices)]);
  return relu(g, subtract(g, g.number(1, distance), distance));
}

/** Adds Gauss(driving) − Gauss(source) per keypoint, zero for the still motion: N × motions × 1 × depth × side². */
function heatMaps(g: GraphBuilder, { widths, side }: MotionForm, { source, driving }: MotionInputs): Value {
  const { depth, keypoints } = widths;
  const difference = subtract(g, gaussians(g, { widths, side }, driving), gaussians(g, { widths, side }, source));
  const flat = reshape(g, difference, [-1, keypoints, 1, depth, side * side]);
  const zero = slice(g, subtract(g, flat, flat), [0, 1], 1);
  return concat(g, [zero, flat], 1);
}

/** Adds exp(−0.5 · |G − kp|² / 0.01) as a product of three curves: N × keypoints × depth × side × side. */
function gaussians(g: GraphBuilder, { widths, side }: MotionForm, points: Value): Value {
  const { depth, keypoints } = widths;
  const curve = (axis: number, length: number, shape: readonly number[]): Value => {
    const grid = g.constant(axisGrid(length), 'float32');
    const distance = subtract(g, grid, slice(g, points, [axis, axis + 1], 2));
    const exponent = divide(g, multiply(g, multiply(g, distance, distance), -0.5), HEAT_VARIANCE);
    return reshape(g, g.node('Exp', [exponent]), [-1, keypoints, ...shape]);
  };
  const inPlane = multiply(g, curve(1, side, [1, side, 1]), curve(0, side, [1, 1, side]));
  return multiply(g, curve(2, depth, [depth, 1, 1]), inPlane);
}

/** Adds the motion hourglass on slices; returns its prediction and its channels. */
function hourglass(g: GraphBuilder, scope: WeightScope, { widths, side }: MotionForm, input: Value): { prediction: Value; channels: number } {
  const { depth, motion } = widths;
  const inputChannels = motionCount(widths) * (motion.compressed + 1);
  const skips = [input];
  let [x, channels, size] = [input, inputChannels, side];
  for (let level = 0; level < HALVINGS; level++) {
    const block = scope.at(`encoder.down_blocks.${level}`);
    const wider = channelsAt(motion, level + 1);
    const layer = foldNorm(block.layer('conv', [wider, channels, 3, 3, 3]), block.norm('norm', wider));
    x = averagePool(g, relu(g, volumeConvolution(g, x, layer, { depth, channels, height: size, width: size })));
    [channels, size] = [wider, size / 2];
    skips.push(x);
  }
  skips.pop();
  for (let level = 0; level < HALVINGS; level++) {
    const block = scope.at(`decoder.up_blocks.${level}`);
    const narrower = channelsAt(motion, HALVINGS - 1 - level);
    const layer = foldNorm(block.layer('conv', [narrower, channels, 3, 3, 3]), block.norm('norm', narrower));
    const up = relu(g, volumeConvolution(g, x, layer, { depth, channels, height: size, width: size, enlarged: 2 }));
    size *= 2;
    const skipLevel = HALVINGS - 1 - level;
    x = concat(g, [up, skips[skipLevel]!], 1);
    channels = narrower + (skipLevel === 0 ? inputChannels : channelsAt(motion, skipLevel));
  }
  const last = foldNorm(scope.layer('decoder.conv', [channels, channels, 3, 3, 3]), scope.norm('decoder.norm', channels));
  return { prediction: relu(g, volumeConvolution(g, x, last, { depth, channels, height: side, width: side })), channels };
}

/** Adds Σ mask_k · (G + shift_k) over the motions whose share is at least 0.001. */
function deformationField(g: GraphBuilder, { widths, side }: MotionForm, { mask, shift }: { mask: Value; shift: Value }): Value {
  const { depth } = widths;
  const motions = motionCount(widths);
  const shares = g.node('Where', [g.node('Less', [mask, g.number(MASK_FLOOR, mask)], {}, 'bool'), g.number(0, mask), mask], {}, 'float32');
  const perPlane = reshape(g, shares, [-1, depth, motions, side * side]);
  const weights = reshape(g, transpose(g, shift, [0, 2, 1]), [-1, 1, 3, motions]);
  const moved = matrixProduct(g, weights, perPlane);
  const total = g.node('ReduceSum', [perPlane, g.integers([2])], { keepdims: 1 });
  const grid = g.constant(planeGrid(depth, side), 'float32');
  const field = add(g, moved, multiply(g, grid, total));
  return reshape(g, transpose(g, field, [0, 1, 3, 2]), [-1, depth, side, side, 3]);
}

/**
 * Adds sigmoid(conv) over the prediction with depth folded into the channels. A convolution with one output is a product with
 * each of its taps, and a sum of the taps' maps shifted into place.
 */
function occlusionMap(g: GraphBuilder, scope: WeightScope, { prediction, channels }: { prediction: Value; channels: number }, { widths, side }: MotionForm): Value {
  const { depth } = widths;
  const taps = OCCLUSION_KERNEL ** 2;
  const { weight, bias } = scope.layer('occlusion', [1, channels * depth, OCCLUSION_KERNEL, OCCLUSION_KERNEL]);
  // The reference's channel order is c · depth + d; slices come as d · channels + c.
  const perTap = reshaped(permuted(reshaped(weight, [channels, depth, taps]), [2, 1, 0]), [taps, depth * channels, 1, 1]);
  const products = convolution(g, reshape(g, prediction, [-1, depth * channels, side, side]), { weight: perTap });
  const shifts = filled([1, taps, OCCLUSION_KERNEL, OCCLUSION_KERNEL], (values) => {
    for (let tap = 0; tap < taps; tap++) {
      values[tap * taps + tap] = 1;
    }
  });
  return sigmoid(g, convolution(g, products, { weight: shifts, bias }, { pad: OCCLUSION_KERNEL >> 1 }));
}

/** Grid coordinate of an index: −1 at the first, 1 at the last. */
function coordinate(index: number, length: number): number {
  return (2 * index) / (length - 1) - 1;
}

function axisGrid(length: number): LazyTensor {
  return known([length], Array.from({ length }, (_, i) => coordinate(i, length)));
}

/** x, y and z of every voxel: depth × 3 × side². */
function planeGrid(depth: number, side: number): LazyTensor {
  const plane = side * side;
  return filled([1, depth, 3, plane], (values) => {
    for (let i = 0; i < depth * plane; i++) {
      const [d, pixel] = [Math.floor(i / plane), i % plane];
      values[(d * 3) * plane + pixel] = coordinate(pixel % side, side);
      values[(d * 3 + 1) * plane + pixel] = coordinate(Math.floor(pixel / side), side);
      values[(d * 3 + 2) * plane + pixel] = coordinate(d, depth);
    }
  });
}
