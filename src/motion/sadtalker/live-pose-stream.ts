import { POSE_CHUNK_FRAMES, POSE_COLUMNS } from '../../base/coefficient-layout.ts';
import { smoothStep } from '../shaping.ts';
import { MelHistory } from './mel-history.ts';
import type { PoseStream } from './pose-stream.ts';
import { PoseTrack } from './pose-track.ts';
import type { PoseTrackOptions } from './pose-track.ts';
import type { PoseVae } from './pose-vae.ts';

/**
 * Frames over which one chunk becomes the next. Chunks know nothing of each other: fewer frames make the border quicker than
 * what is within them, more frames make more chunks.
 */
const BLEND_FRAMES = 12;
const STRIDE_FRAMES = POSE_CHUNK_FRAMES - BLEND_FRAMES;

/** Frames over which the portrait's own pose becomes the first chunk, which may lie far from it. */
const START_FRAMES = STRIDE_FRAMES;

/** A chunk is asked for so many frames before it is needed: half a second, for a run of a tenth. */
const AHEAD_FRAMES = 12;

/**
 * Poses made ahead of the sound: each chunk follows from the 32 windows heard before it was asked for, begins where the last one
 * ends, and both blend into each other, so that the head never jumps. It never waits but for a device that is too slow.
 */
export class LivePoseStream implements PoseStream {
  readonly track: PoseTrack;
  readonly #vae: PoseVae;
  readonly #history = new MelHistory();
  readonly #asked: Promise<Float32Array>[];
  #failure: Error | undefined;

  /** Asks for the first two chunks at once, as if the face had been idle: the first frames need both. */
  constructor(vae: PoseVae, options: Omit<PoseTrackOptions, 'start'>) {
    this.#vae = vae;
    this.track = new PoseTrack({ ...options, start: 'held' });
    this.#history.push(undefined);
    this.#asked = [this.#ask(), this.#ask()];
  }

  /** Throws what made a chunk fail, from the first call after it on. */
  next(window: Float32Array | undefined, row: number): Promise<void> {
    this.#history.push(window);
    return this.#reach(row);
  }

  finish(row: number): Promise<void> {
    return this.#reach(row);
  }

  async #reach(row: number): Promise<void> {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    // Chunks are taken when they are needed, not when they come: the same sound gives the same motion at any speed.
    while (this.track.rows <= row) {
      this.#add(await (this.#asked.shift() ?? this.#ask()));
    }
    if (this.track.rows - row <= AHEAD_FRAMES && this.#asked.length === 0) {
      this.#asked.push(this.#ask());
    }
  }

  #ask(): Promise<Float32Array> {
    const asked = this.#vae.run(this.#history.values);
    asked.catch((error: unknown) => { this.#failure = error instanceof Error ? error : new Error(String(error)); });
    return asked;
  }

  #add(motion: Float32Array): void {
    const { rawRows } = this.track;
    const blendFrames = rawRows === 0 ? START_FRAMES : BLEND_FRAMES;
    for (let i = 0; i < POSE_CHUNK_FRAMES; i++) {
      this.track.write(rawRows + i, motion, { from: i * POSE_COLUMNS, share: smoothStep(0, blendFrames + 1, i + 1) });
    }
    this.track.settle(rawRows + STRIDE_FRAMES);
  }
}
