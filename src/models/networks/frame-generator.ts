import type { GraphBuilder, Value } from '../graph-builder.ts';
import { convolution, leakyRelu, multiply, reshape, single, working } from '../graph-layers.ts';
import { foldNorm } from '../layer-folding.ts';
import { type NetworkWidths, channelsAt } from '../network-widths.ts';
import { planeConvolution } from '../plane-convolution.ts';
import type { WeightScope } from '../weight-scope.ts';
import { APPEARANCE_HALVINGS } from './appearance-net.ts';
import { type DenseMotion, type MotionInputs, denseMotion } from './dense-motion.ts';
import { spadeDecoder } from './spade-decoder.ts';

const SLOPE = 0.01;

/** Inputs of the per-frame part of the renderer. */
export interface GeneratorInputs extends MotionInputs {
  /** Feature volume, 1 or N × channels × depth × size/4 × size/4, float32. */
  readonly feature: Value;
}

/** What the renderer makes of a batch of frames, step by step. */
export interface GeneratedFrames extends DenseMotion {
  /** N × channels × size/4 × size/4. */
  readonly decoderInput: Value;
  /** RGB N × 3 × size × size in 0..1. */
  readonly frames: Value;
}

/** Adds the per-frame part of the renderer: dense motion, warp of the feature volume, SPADE decoder. */
export function frameGenerator(g: GraphBuilder, scope: WeightScope, form: { widths: NetworkWidths; size: number }, inputs: GeneratorInputs): GeneratedFrames {
  const { widths: { appearance, depth, decoder }, widths } = form;
  const side = form.size / 2 ** APPEARANCE_HALVINGS;
  const motion = denseMotion(g, scope.at('dense_motion_network'), { widths, side }, inputs);
  const frameCount = g.node('Slice', [g.node('Shape', [inputs.driving], {}, 'int64'), g.integers([0]), g.integers([1])]);
  const everyFrame = g.node('Expand', [inputs.feature, g.node('Concat', [frameCount, g.integers([1, 1, 1, 1])], { axis: 0 })]);
  // GridSample exists only in float32 on CUDA, and halves are too coarse for positions.
  const warped = g.node('GridSample', [everyFrame, single(g, motion.deformation)], { align_corners: 0, mode: 'linear', padding_mode: 'zeros' });
  const flat = reshape(g, working(g, warped), [-1, appearance.volume * depth, side, side]);
  const channels = channelsAt(appearance, APPEARANCE_HALVINGS);
  const third = foldNorm(scope.layer('third.conv', [channels, appearance.volume * depth, 3, 3]), scope.norm('third.norm', channels));
  const seen = leakyRelu(g, planeConvolution(g, flat, third, { side }), SLOPE);
  const fourth = convolution(g, seen, scope.layer('fourth', [decoder.input, channels, 1, 1]));
  const decoderInput = multiply(g, fourth, motion.occlusion);
  return { ...motion, decoderInput, frames: spadeDecoder(g, scope.at('decoder'), { widths, side }, decoderInput) };
}
