import { WINDOW_FRAMES } from '../../base/coefficient-layout.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { type Layer, add, concat, leakyRelu, linear, matrixProduct, slice, transpose } from '../graph-layers.ts';
import { permuted, reshaped } from '../lazy-tensor.ts';
import { ANGLE_BINS, type NetworkWidths } from '../network-widths.ts';
import type { WeightScope } from '../weight-scope.ts';

const LAYERS = 3;
const SLOPE = 0.1;
/** Steps between the taps of the later convolutions. */
const DILATION = 3;

/** What the mapping net says of one frame. */
export interface MappedMotion {
  /** N × 66 each: scores of the bins of 3 degrees. */
  readonly yaw: Value;
  readonly pitch: Value;
  readonly roll: Value;
  /** N × 3. */
  readonly translation: Value;
  /** N × (3 · keypoints): displacement of each keypoint. */
  readonly expression: Value;
}

/**
 * Adds the mapping net: windows of coefficients N × coefficients × 27 → head angles, translation and keypoint displacements.
 * There are many weights for little work, so each convolution is one product for the whole batch: its weights are read once.
 */
export function mappingNet(g: GraphBuilder, scope: WeightScope, { widths, coefficients }: { widths: NetworkWidths; coefficients: number }, windows: Value): MappedMotion {
  const { descriptor, keypoints } = widths;
  const first = timeConvolution(g, transpose(g, windows, [0, 2, 1]), scope.layer('first.0', [descriptor, coefficients, 7]), { length: WINDOW_FRAMES, dilation: 1 });
  let { y: x, length } = first;
  for (let i = 0; i < LAYERS; i++) {
    const change = timeConvolution(g, leakyRelu(g, x, SLOPE), scope.layer(`encoder${i}.1`, [descriptor, descriptor, 3]), { length, dilation: DILATION });
    x = add(g, change.y, slice(g, x, [DILATION, length - DILATION], 1));
    length = change.length;
  }
  const mean = g.node('ReduceMean', [x, g.integers([1])], { keepdims: 0 });
  const head = (name: string, outputs: number): Value => linear(g, mean, scope.layer(name, [outputs, descriptor]));
  return {
    yaw: head('fc_yaw', ANGLE_BINS),
    pitch: head('fc_pitch', ANGLE_BINS),
    roll: head('fc_roll', ANGLE_BINS),
    translation: head('fc_t', 3),
    expression: head('fc_exp', 3 * keypoints),
  };
}

/** Adds a convolution over the steps of N × length × channels, without padding; returns how many steps are left too. */
function timeConvolution(g: GraphBuilder, x: Value, { weight, bias }: Layer, { length, dilation }: { length: number; dilation: number }): { y: Value; length: number } {
  const [outputs, channels, taps] = weight.shape as [number, number, number];
  const left = length - (taps - 1) * dilation;
  const seen = concat(g, Array.from({ length: taps }, (_, k) => slice(g, x, [k * dilation, k * dilation + left], 1)), 2);
  const product = matrixProduct(g, seen, g.constant(reshaped(permuted(weight, [2, 1, 0]), [taps * channels, outputs])));
  return { y: bias === undefined ? product : add(g, product, g.constant(bias)), length: left };
}
