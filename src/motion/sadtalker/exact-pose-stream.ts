import { POSE_CHUNK_FRAMES, POSE_COLUMNS } from '../../base/coefficient-layout.ts';
import { MelHistory } from './mel-history.ts';
import type { PoseStream } from './pose-stream.ts';
import { PoseTrack } from './pose-track.ts';
import type { PoseTrackOptions } from './pose-track.ts';
import type { PoseVae } from './pose-vae.ts';

/**
 * Poses equal to the reference's, whose chunks begin at frames 1, 33, 65 … and each follow from their own 32 windows: a pose is
 * ready when its chunk's last window was heard and six more poses are known.
 */
export class ExactPoseStream implements PoseStream {
  readonly track: PoseTrack;
  readonly #vae: PoseVae;
  readonly #history = new MelHistory();
  #frames = 0;

  constructor(vae: PoseVae, options: Omit<PoseTrackOptions, 'start'>) {
    this.#vae = vae;
    this.track = new PoseTrack({ ...options, start: 'fitted' });
  }

  async next(window: Float32Array | undefined): Promise<void> {
    this.#frames += 1;
    if (this.#frames === 1) {
      // Frame 0 does not move, and its window is not heard.
      this.track.settle(1);
      return;
    }
    this.#history.push(window);
    if ((this.#frames - 1) % POSE_CHUNK_FRAMES === 0) {
      await this.#add(POSE_CHUNK_FRAMES);
    }
  }

  async finish(): Promise<void> {
    const rest = this.#frames - this.track.rawRows;
    if (rest > 0) {
      await this.#add(rest);
    }
    this.track.finish();
  }

  /** Adds the last frames of a chunk over the windows heard last. */
  async #add(frames: number): Promise<void> {
    const motion = await this.#vae.run(this.#history.values);
    const { rawRows } = this.track;
    for (let i = 0; i < frames; i++) {
      this.track.write(rawRows + i, motion, { from: (POSE_CHUNK_FRAMES - frames + i) * POSE_COLUMNS, share: 1 });
    }
    this.track.settle(rawRows + frames);
  }
}
