import { EXPRESSION_COLUMNS, MOTION_COLUMNS, PORTRAIT_COLUMNS, POSE_CHUNK_FRAMES, POSE_COLUMNS, POSE_LATENT_VALUES } from '../../../src/base/coefficient-layout.ts';
import type { MelWindow } from '../../../src/base/mel-window.ts';
import { Random } from '../../../src/motion/random.ts';
import { BlinkRatios } from '../../../src/motion/sadtalker/blink-ratios.ts';
import { type CoefficientTrack, frameWindow } from './coefficient-windows.ts';
import { assemblePoses, poseChunks } from './pose-sequence.ts';
import type { RecipePack } from './recipe-pack.ts';
import { smoothPose } from './smooth-pose.ts';

export const WINDOW_VALUES = 80 * 16;

/** What a clip is computed from at once. */
export interface WholeClip {
  readonly pack: RecipePack;
  readonly windows: readonly MelWindow[];
  readonly portrait: Float32Array;
  readonly seed: number;
  readonly style?: number;
  readonly scale?: number;
  readonly full?: boolean;
  readonly still?: boolean;
  readonly referencePoses?: Float32Array;
  readonly referenceExpressions?: Float32Array;
}

/** Computes a clip's coefficient windows as the reference does, all frames at once, with nothing of the streams but their random numbers. */
export async function wholeClipWindows(clip: WholeClip): Promise<Float32Array[]> {
  const { windows, portrait, full = false, still = false, scale = 1 } = clip;
  const frames = windows.length;
  const seeds = new Random(clip.seed);
  const blinks = new BlinkRatios(Math.floor(seeds.next() * 2 ** 32));
  const expressions = await wholeExpressions(clip, Float32Array.from({ length: frames }, () => (clip.referenceExpressions === undefined ? blinks.next() : 0)));
  const poses = await wholePoses(clip, seeds);
  const columns = full ? PORTRAIT_COLUMNS : MOTION_COLUMNS;
  const track: CoefficientTrack = { columns, values: new Float32Array(frames * columns) };
  for (let frame = 0; frame < frames; frame++) {
    const row = track.values.subarray(frame * columns, (frame + 1) * columns);
    row.set(portrait.subarray(0, columns));
    row.set(expressions.subarray(frame * EXPRESSION_COLUMNS, (frame + 1) * EXPRESSION_COLUMNS).map((value) => value * scale));
    if (!still) {
      row.set(poses.subarray(frame * POSE_COLUMNS, (frame + 1) * POSE_COLUMNS), EXPRESSION_COLUMNS);
    }
  }
  return windows.map((_, frame) => frameWindow(track, frame));
}

async function wholeExpressions({ pack, windows, portrait, referenceExpressions: other }: WholeClip, ratios: Float32Array): Promise<Float32Array> {
  const frames = windows.length;
  const reference = new Float32Array(frames * EXPRESSION_COLUMNS);
  for (let i = 0; i < reference.length; i++) {
    reference[i] = other === undefined ? portrait[i % EXPRESSION_COLUMNS]! : other[i % other.length]!;
  }
  const { expression } = await pack.expnet.run({
    mel: { dims: [frames, 1, 80, 16], data: joinedWindows(windows, windows.keys()) },
    reference: { dims: [frames, EXPRESSION_COLUMNS], data: reference },
    ratio: { dims: [frames, 1], data: ratios },
  });
  return expression?.data as Float32Array;
}

async function wholePoses({ pack, windows, portrait, style = 0, referencePoses: other }: WholeClip, seeds: Random): Promise<Float32Array> {
  const reference = portrait.slice(EXPRESSION_COLUMNS, MOTION_COLUMNS);
  const chunks = poseChunks(windows.length);
  if (chunks.length === 0) {
    return reference;
  }
  const { motion } = await pack.posevae.run({
    mel: { dims: [chunks.length * POSE_CHUNK_FRAMES, 1, 80, 16], data: joinedWindows(windows, chunks.flatMap((chunk) => chunk.windows)) },
    reference: { dims: [chunks.length, POSE_COLUMNS], data: Float32Array.from(chunks.flatMap(() => [...reference])) },
    latent: { dims: [chunks.length, POSE_LATENT_VALUES], data: Float32Array.from({ length: chunks.length * POSE_LATENT_VALUES }, () => seeds.normal()) },
    style: { dims: [chunks.length], data: BigInt64Array.from(chunks, () => BigInt(style)) },
  });
  const motions = motion?.data as Float32Array;
  const size = POSE_CHUNK_FRAMES * POSE_COLUMNS;
  const smoothed = smoothPose(assemblePoses(reference, windows.length, chunks.map((chunk, i) => ({ chunk, motion: motions.subarray(i * size, (i + 1) * size) }))), POSE_COLUMNS);
  return other === undefined ? smoothed : smoothed.map((value, i) => value + (other[i % other.length]! - other[i % POSE_COLUMNS]!));
}

function joinedWindows(windows: readonly MelWindow[], indices: Iterable<number>): Float32Array {
  const all = [...indices];
  const joined = new Float32Array(all.length * WINDOW_VALUES);
  for (const [i, index] of all.entries()) {
    joined.set(windows[index]!.values, i * WINDOW_VALUES);
  }
  return joined;
}
