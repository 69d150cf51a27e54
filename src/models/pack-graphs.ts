import { EXPRESSION_COLUMNS, POSE_CHUNK_FRAMES, POSE_COLUMNS, POSE_LATENT_VALUES, WINDOW_FRAMES } from '../base/coefficient-layout.ts';
import { GraphBuilder, type Precision } from './graph-builder.ts';
import { multiply, single, working } from './graph-layers.ts';
import type { OnnxGraph } from './onnx-model-file.ts';
import type { NetworkWidths } from './network-widths.ts';
import { toVolume } from './volume-layers.ts';
import { type TensorSource, WeightScope } from './weight-scope.ts';
import { APPEARANCE_HALVINGS, appearanceNet } from './networks/appearance-net.ts';
import { compressFeature } from './networks/dense-motion.ts';
import { expNet } from './networks/exp-net.ts';
import { FACE_COEFFICIENTS, face3dNet } from './networks/face3d-net.ts';
import { frameGenerator } from './networks/frame-generator.ts';
import { keypointDetector } from './networks/keypoint-detector.ts';
import { transformKeypoints } from './networks/keypoint-transform.ts';
import { mappingNet } from './networks/mapping-net.ts';
import { poseVae } from './networks/pose-vae.ts';

/** Weights and arithmetic of a graph to build. */
export interface GraphForm {
  readonly source: TensorSource;
  readonly widths: NetworkWidths;
  readonly precision: Precision;
}

const MEL_WINDOW = [1, 80, 16];

/**
 * Builds `portrait`: `image` 1 × 3 × size × size RGB in 0..1 → `keypoints` 1 × 15 × 3 (canonical), `feature` 1 × 32 × 16 × size/4 × size/4
 * (appearance volume) and `compressed` 1 × 4 × 16 × size/4 × size/4 (what the motion network sees of it).
 */
export function portraitGraph({ source, widths, precision }: GraphForm, size: number): OnnxGraph {
  const g = new GraphBuilder('portrait', precision);
  const side = size / 2 ** APPEARANCE_HALVINGS;
  const image = working(g, g.input('image', [1, 3, size, size]));
  const generator = new WeightScope(source, 'generator');
  const keypoints = keypointDetector(g, new WeightScope(source, 'kp_extractor'), { widths, size }, image);
  const feature = appearanceNet(g, generator, { widths, size }, image);
  const compressed = compressFeature(g, generator.at('dense_motion_network'), { widths, side }, feature);
  const { appearance, motion, depth } = widths;
  const shape = { depth, height: side, width: side };
  g.output('keypoints', keypoints, [1, widths.keypoints, 3]);
  g.output('feature', toVolume(g, feature, { ...shape, channels: appearance.volume }), [1, appearance.volume, depth, side, side]);
  g.output('compressed', toVolume(g, compressed, { ...shape, channels: motion.compressed }), [1, motion.compressed, depth, side, side]);
  return g.finish();
}

/**
 * Builds `mapping`: `coefficients` N × C × 27 (time last), `canonical` keypoints 1 or N × 15 × 3 and `view` N × 3 (yaw, pitch, roll in
 * degrees, not-a-number where the net decides) → `keypoints` N × 15 × 3, and the net's own `yaw`, `pitch`, `roll` (N × 66 bins),
 * `translation` N × 3 and `expression` N × 45.
 */
export function mappingGraph({ source, widths, precision }: GraphForm, coefficients: number): OnnxGraph {
  const g = new GraphBuilder('mapping', precision);
  const windows = working(g, g.input('coefficients', ['frames', coefficients, WINDOW_FRAMES]));
  const canonical = g.input('canonical', ['portraits', widths.keypoints, 3]);
  const view = g.input('view', ['frames', 3]);
  const motion = mappingNet(g, new WeightScope(source, 'mapping'), { widths, coefficients }, windows);
  g.output('keypoints', transformKeypoints(g, { motion, keypoints: canonical, viewDeg: view }, widths.keypoints), ['frames', widths.keypoints, 3]);
  for (const [name, value] of Object.entries(motion) as [keyof typeof motion, typeof motion.yaw][]) {
    g.output(name, value, ['frames', 'values']);
  }
  return g.finish();
}

/**
 * Builds `render`: `feature`, `compressed` and `source` keypoints of one portrait, or of one for each frame, and `driving` keypoints
 * N × 15 × 3 → `frames` N × 3 × size × size RGB in 0..1, and `pixels`, the same as uint8: 255 · frames, halves to even. With `inspect` also `mask`, `deformation`, `occlusion` and `decoder_input`.
 */
export function renderGraph({ source, widths, precision }: GraphForm, { size, inspect = false }: { size: number; inspect?: boolean }): OnnxGraph {
  const g = new GraphBuilder('render', precision);
  const { appearance, motion, depth, keypoints, decoder } = widths;
  const side = size / 2 ** APPEARANCE_HALVINGS;
  const made = frameGenerator(g, new WeightScope(source, 'generator'), { widths, size }, {
    feature: g.input('feature', ['portraits', appearance.volume, depth, side, side]),
    compressed: g.input('compressed', ['portraits', motion.compressed, depth, side, side]),
    source: g.input('source', ['portraits', keypoints, 3]),
    driving: g.input('driving', ['frames', keypoints, 3]),
  });
  g.output('frames', made.frames, ['frames', 3, size, size]);
  g.byteOutput('pixels', g.node('Round', [multiply(g, single(g, made.frames), 255)]), ['frames', 3, size, size]);
  if (inspect) {
    g.output('mask', made.mask, ['frames', keypoints + 1, depth, side, side]);
    g.output('deformation', made.deformation, ['frames', depth, side, side, 3]);
    g.output('occlusion', made.occlusion, ['frames', 1, side, side]);
    g.output('decoder_input', made.decoderInput, ['frames', decoder.input, side, side]);
  }
  return g.finish();
}

/** Builds `expnet`: `mel` windows N × 1 × 80 × 16, the portrait's `reference` expression N × 64, blink `ratio` N × 1 → `expression` N × 64. */
export function expNetGraph({ source, precision }: GraphForm): OnnxGraph {
  const g = new GraphBuilder('expnet', precision);
  const expression = expNet(g, new WeightScope(source, 'audio2exp'), {
    mel: working(g, g.input('mel', ['frames', ...MEL_WINDOW])),
    reference: working(g, g.input('reference', ['frames', EXPRESSION_COLUMNS])),
    ratio: working(g, g.input('ratio', ['frames', 1])),
  });
  g.output('expression', expression, ['frames', EXPRESSION_COLUMNS]);
  return g.finish();
}

/**
 * Builds `posevae`: `mel` windows (N · 32) × 1 × 80 × 16, the portrait's `reference` pose N × 6, `latent` N × 64 drawn from the normal
 * distribution and `style` N (int64, 0..45) → `motion` N × 32 × 6 relative to the reference, and the audio `embedding` (N · 32) × 512.
 */
export function poseVaeGraph({ source, precision }: GraphForm): OnnxGraph {
  const g = new GraphBuilder('posevae', precision);
  const { motion, embedding } = poseVae(g, new WeightScope(source, 'audio2pose'), {
    mel: working(g, g.input('mel', ['windows', ...MEL_WINDOW])),
    reference: working(g, g.input('reference', ['chunks', POSE_COLUMNS])),
    latent: working(g, g.input('latent', ['chunks', POSE_LATENT_VALUES])),
    style: g.integerInput('style', ['chunks']),
  });
  g.output('motion', motion, ['chunks', POSE_CHUNK_FRAMES, POSE_COLUMNS]);
  g.output('embedding', embedding, ['windows', 'values']);
  return g.finish();
}

/** Builds `face3d`: aligned faces `image` N × 3 × 224 × 224 RGB in 0..1 → `coefficients` N × 257 of the morphable model. */
export function face3dGraph({ source, precision }: GraphForm): OnnxGraph {
  const g = new GraphBuilder('face3d', precision);
  const coefficients = face3dNet(g, new WeightScope(source, 'face_3drecon'), working(g, g.input('image', ['faces', 3, 224, 224])));
  g.output('coefficients', coefficients, ['faces', FACE_COEFFICIENTS]);
  return g.finish();
}
