import type { PoseTrack } from './pose-track.ts';

/** One face's head poses, a row per video frame. Calls follow one another. */
export interface PoseStream {
  /** Where the rows are. */
  readonly track: PoseTrack;
  /** Takes the next frame's mel window, or none while the face is idle, and makes the rows up to `row` ready. */
  next(window: Float32Array | undefined, row: number): Promise<void>;
  /** Makes the rows up to `row` ready, or up to the last one there is, when no more windows come. */
  finish(row: number): Promise<void>;
}
