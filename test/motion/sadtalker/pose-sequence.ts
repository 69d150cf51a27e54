import { POSE_CHUNK_FRAMES, POSE_COLUMNS } from '../../../src/base/coefficient-layout.ts';

/** One chunk of the head's motion: which mel windows it is made from and which of its frames count. */
export interface PoseChunk {
  /** Mel windows of the chunk's 32 frames, as indices into the clip. */
  readonly windows: readonly number[];
  /** First frame of the chunk that counts; earlier ones overlap the chunk before. */
  readonly firstKept: number;
  /** Frame of the clip that the first kept frame is. */
  readonly frame: number;
}

/**
 * Returns the chunks of a clip as the reference cuts it: frame 0 does not move; then whole chunks of 32; what remains is the end
 * of a chunk over the clip's last 32 windows, the first window repeated where there are fewer.
 */
export function poseChunks(frames: number): PoseChunk[] {
  const moving = frames - 1;
  const chunks: PoseChunk[] = [];
  for (let start = 0; start + POSE_CHUNK_FRAMES <= moving; start += POSE_CHUNK_FRAMES) {
    chunks.push({ windows: Array.from({ length: POSE_CHUNK_FRAMES }, (_, i) => 1 + start + i), firstKept: 0, frame: 1 + start });
  }
  const rest = moving - chunks.length * POSE_CHUNK_FRAMES;
  if (rest > 0) {
    const windows = Array.from({ length: POSE_CHUNK_FRAMES }, (_, i) => Math.max(1, frames - POSE_CHUNK_FRAMES + i));
    chunks.push({ windows, firstKept: POSE_CHUNK_FRAMES - rest, frame: frames - rest });
  }
  return chunks;
}

/** Returns the poses of a clip, frames × 6: the portrait's pose, plus each chunk's motion (32 × 6) over the frames it counts for. */
export function assemblePoses(reference: Float32Array, frames: number, motions: readonly { chunk: PoseChunk; motion: Float32Array }[]): Float32Array {
  const poses = new Float32Array(frames * POSE_COLUMNS);
  for (let frame = 0; frame < frames; frame++) {
    poses.set(reference, frame * POSE_COLUMNS);
  }
  for (const { chunk, motion } of motions) {
    const kept = motion.subarray(chunk.firstKept * POSE_COLUMNS);
    for (const [i, value] of kept.entries()) {
      const at = chunk.frame * POSE_COLUMNS + i;
      poses[at] = poses[at]! + value;
    }
  }
  return poses;
}
