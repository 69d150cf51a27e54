import { GraphBuilder, type Value } from '../graph-builder.ts';
import { add, concat, linear, relu, reshape, sigmoid } from '../graph-layers.ts';
import { POSE_CHUNK_FRAMES, POSE_STYLES } from '../../base/coefficient-layout.ts';
import type { WeightScope } from '../weight-scope.ts';
import { AUDIO_EMBEDDING, audioEncoder } from './audio-encoder.ts';
import { residualUnet } from './residual-unet.ts';

const POSE = 6;
const LATENT = 64;
const HIDDEN = 128;
const CHUNK_VALUES = POSE_CHUNK_FRAMES * POSE;
/** Poses, sound and latent of the training-time encoder's first layer: only its shape matters here. */
const ENCODER_INPUTS = POSE + 2 * CHUNK_VALUES + LATENT;

/** Inputs of the PoseVAE's decoder. */
export interface PoseInputs {
  /** 32 mel windows per chunk, all chunks one after the other: (N · 32) × 1 × 80 × 16. */
  readonly mel: Value;
  /** The portrait's pose: N × 6 (three angles in radians, three translations). */
  readonly reference: Value;
  /** A draw from the normal distribution: N × 64. */
  readonly latent: Value;
  /** Style 0..45 of each chunk: N, int64. */
  readonly style: Value;
}

/** Adds the PoseVAE's decoder: the head's motion over each chunk, N × 32 × 6, relative to the reference pose; also the audio embeddings. */
export function poseVae(g: GraphBuilder, scope: WeightScope, { mel, reference, latent, style }: PoseInputs): { motion: Value; embedding: Value } {
  const embedding = audioEncoder(g, scope.at('audio_encoder.audio_encoder'), mel);
  const decoder = scope.at('netG.decoder');
  const audio = reshape(g, linear(g, embedding, decoder.layer('linear_audio', [POSE, AUDIO_EMBEDDING])), [-1, CHUNK_VALUES]);
  const bias = g.node('Gather', [g.constant(decoder.tensor('classbias', [POSE_STYLES, LATENT])), style], { axis: 0 });
  const x = concat(g, [reference, add(g, latent, bias), audio], 1);
  const hidden = relu(g, linear(g, x, decoder.layer('MLP.L0', [HIDDEN, POSE + LATENT + CHUNK_VALUES])));
  const coarse = sigmoid(g, linear(g, hidden, decoder.layer('MLP.L1', [CHUNK_VALUES, HIDDEN])));
  const smooth = residualUnet(g, decoder.at('resunet'), reshape(g, coarse, [-1, 1, POSE_CHUNK_FRAMES, POSE]));
  const frames = linear(g, reshape(g, smooth, [-1, POSE]), decoder.layer('pose_linear', [POSE, POSE]));
  return { motion: reshape(g, frames, [-1, POSE_CHUNK_FRAMES, POSE]), embedding };
}

/** Names the parts of the PoseVAE that only its training needs: the encoder and the discriminator. */
export function namePoseVaeTraining(scope: WeightScope): void {
  const encoder = scope.at('netG.encoder');
  const scratch = new GraphBuilder('unused', 'fp32');
  residualUnet(scratch, encoder.at('resunet'), scratch.input('poses', ['chunks', 1, POSE_CHUNK_FRAMES, POSE]));
  encoder.tensor('classbias', [POSE_STYLES, LATENT]);
  encoder.layer('MLP.L0', [HIDDEN, ENCODER_INPUTS]);
  encoder.layer('linear_means', [LATENT, HIDDEN]);
  encoder.layer('linear_logvar', [LATENT, HIDDEN]);
  encoder.layer('linear_audio', [POSE, AUDIO_EMBEDDING]);
  const discriminator = scope.at('netD_motion.seq');
  for (const [i, shape] of [[256, 6, 4], [512, 256, 4], [1024, 512, 3]].entries()) {
    discriminator.layerWithoutBias(`${i}.conv`, shape);
    discriminator.norm(`${i}.norm`, shape[0]!);
  }
  discriminator.layer('3', [1, 1024, 3]);
}
