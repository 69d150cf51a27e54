import type { GraphBuilder, Value } from '../graph-builder.ts';
import { add, concat, divide, matrixProduct, multiply, reshape, single, softmax, split, subtract } from '../graph-layers.ts';
import { filled, known } from '../lazy-tensor.ts';
import { ANGLE_BINS } from '../network-widths.ts';
import type { MappedMotion } from './mapping-net.ts';

/** The reference's π: radians are degrees / 180 · 3.14. */
const REFERENCE_PI = 3.14;
const BIN_DEG = 3;
const FIRST_BIN_DEG = -99;

/** What a keypoint transformation works on. */
export interface TransformInputs {
  readonly motion: MappedMotion;
  /** Canonical keypoints: 1 or N × keypoints × 3, float32. */
  readonly keypoints: Value;
  /** N × 3: yaw, pitch and roll in degrees that replace the net's own; not-a-number keeps the net's. Float32. */
  readonly viewDeg: Value;
}

/**
 * Adds the transformation of the canonical keypoints into a frame's: kp' = R · kp + (0, t_y, 0) + expression, with R = pitch · yaw · roll.
 * Everything is float32: coordinates are compared at a fraction of a voxel.
 */
export function transformKeypoints(g: GraphBuilder, { motion, keypoints, viewDeg }: TransformInputs, keypointCount: number): Value {
  const [viewYaw, viewPitch, viewRoll] = split(g, viewDeg, [1, 1, 1], 1) as [Value, Value, Value];
  const yaw = radians(g, chosen(g, viewYaw, expectedDegrees(g, single(g, motion.yaw))));
  const pitch = radians(g, chosen(g, viewPitch, expectedDegrees(g, single(g, motion.pitch))));
  const roll = radians(g, chosen(g, viewRoll, expectedDegrees(g, single(g, motion.roll))));
  // Row vectors: kp · Rᵀ.
  const rotation = g.node('Transpose', [rotationMatrix(g, { yaw, pitch, roll })], { perm: [0, 2, 1] });
  const rotated = matrixProduct(g, keypoints, rotation);
  const onlyY = g.constant(known([1, 3], [0, 1, 0]), 'float32');
  const translation = reshape(g, multiply(g, single(g, motion.translation), onlyY), [-1, 1, 3]);
  const displacement = reshape(g, single(g, motion.expression), [-1, keypointCount, 3]);
  return add(g, add(g, rotated, translation), displacement);
}

/** Adds Σ softmax(bins)_i · i · 3 − 99: N × 66 → N × 1. */
function expectedDegrees(g: GraphBuilder, bins: Value): Value {
  const indices = g.constant(filled([ANGLE_BINS, 1], (values) => { values.forEach((_, i) => { values[i] = i; }); }), 'float32');
  return add(g, multiply(g, matrixProduct(g, softmax(g, bins, 1), indices), BIN_DEG), FIRST_BIN_DEG);
}

function chosen(g: GraphBuilder, override: Value, predicted: Value): Value {
  return g.node('Where', [g.node('IsNaN', [override], {}, 'bool'), predicted, override], {}, 'float32');
}

function radians(g: GraphBuilder, degrees: Value): Value {
  return multiply(g, divide(g, degrees, 180), REFERENCE_PI);
}

function rotationMatrix(g: GraphBuilder, { yaw, pitch, roll }: { yaw: Value; pitch: Value; roll: Value }): Value {
  const zero = subtract(g, yaw, yaw);
  const one = add(g, zero, 1);
  const turn = (angle: Value): { cos: Value; sin: Value; minusSin: Value } => {
    const sin = g.node('Sin', [angle]);
    return { cos: g.node('Cos', [angle]), sin, minusSin: g.node('Neg', [sin]) };
  };
  const matrix = (entries: readonly Value[]): Value => reshape(g, concat(g, entries, 1), [-1, 3, 3]);
  const [p, y, r] = [turn(pitch), turn(yaw), turn(roll)];
  const pitched = matrix([one, zero, zero, zero, p.cos, p.minusSin, zero, p.sin, p.cos]);
  const yawed = matrix([y.cos, zero, y.sin, zero, one, zero, y.minusSin, zero, y.cos]);
  const rolled = matrix([r.cos, r.minusSin, zero, r.sin, r.cos, zero, zero, zero, one]);
  return matrixProduct(g, matrixProduct(g, pitched, yawed), rolled);
}
