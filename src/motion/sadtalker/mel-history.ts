import { POSE_CHUNK_FRAMES } from '../../base/coefficient-layout.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES } from '../../base/mel-window.ts';

/** Values of one mel window. */
export const MEL_WINDOW_VALUES = MEL_BANDS * MEL_WINDOW_FRAMES;

/** The last 32 mel windows heard, as the PoseVAE takes them. The first one stands for those before it. */
export class MelHistory {
  /** 32 × 80 × 16, oldest first; changes with every push. */
  readonly values = new Float32Array(POSE_CHUNK_FRAMES * MEL_WINDOW_VALUES);
  #empty = true;

  /** Takes the next window; without one, the reference's idle window, which is 0 throughout. */
  push(window: Float32Array | undefined): void {
    this.values.copyWithin(0, MEL_WINDOW_VALUES);
    for (let slot = this.#empty ? 0 : POSE_CHUNK_FRAMES - 1; slot < POSE_CHUNK_FRAMES; slot++) {
      this.#write(window, slot);
    }
    this.#empty = false;
  }

  #write(window: Float32Array | undefined, slot: number): void {
    const start = slot * MEL_WINDOW_VALUES;
    if (window === undefined) {
      this.values.fill(0, start, start + MEL_WINDOW_VALUES);
    } else {
      this.values.set(window, start);
    }
  }
}
