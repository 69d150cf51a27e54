import type { GraphBuilder, Value } from '../graph-builder.ts';
import { add, convolution, leakyRelu, linear, slice } from '../graph-layers.ts';
import { ANGLE_BINS, type NetworkWidths } from '../network-widths.ts';
import type { WeightScope } from '../weight-scope.ts';

const LAYERS = 3;
const SLOPE = 0.1;
/** Steps left when the window of 27 frames has gone through every convolution. */
const FIRST_LENGTH = 21;
const SHRINK = 3;

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

/** Adds the mapping net: windows of coefficients N × coefficients × 27 → head angles, translation and keypoint displacements. */
export function mappingNet(g: GraphBuilder, scope: WeightScope, { widths, coefficients }: { widths: NetworkWidths; coefficients: number }, windows: Value): MappedMotion {
  const { descriptor, keypoints } = widths;
  let x = convolution(g, windows, scope.layer('first.0', [descriptor, coefficients, 7]));
  let length = FIRST_LENGTH;
  for (let i = 0; i < LAYERS; i++) {
    const change = convolution(g, leakyRelu(g, x, SLOPE), scope.layer(`encoder${i}.1`, [descriptor, descriptor, 3]), { dilation: SHRINK });
    x = add(g, change, slice(g, x, [SHRINK, length - SHRINK], 2));
    length -= 2 * SHRINK;
  }
  const mean = g.node('ReduceMean', [x, g.integers([2])], { keepdims: 0 });
  const head = (name: string, outputs: number): Value => linear(g, mean, scope.layer(name, [outputs, descriptor]));
  return {
    yaw: head('fc_yaw', ANGLE_BINS),
    pitch: head('fc_pitch', ANGLE_BINS),
    roll: head('fc_roll', ANGLE_BINS),
    translation: head('fc_t', 3),
    expression: head('fc_exp', 3 * keypoints),
  };
}
