import { POSE_CHUNK_FRAMES, POSE_LATENT_VALUES, POSE_STYLES } from '../../base/coefficient-layout.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES } from '../../base/mel-window.ts';
import type { OnnxModel } from '../../inference/onnx-model.ts';
import type { Random } from '../random.ts';

/** What all chunks of one face's motion have in common. */
export interface PoseVaeOptions {
  /** The `posevae` graph; whoever made it closes it. */
  readonly model: OnnxModel;
  /** The portrait's own pose, 6 values. */
  readonly reference: Float32Array;
  /** Head-pose style, 0 to 45. */
  readonly style: number;
  /** Writes the 64 values of the next chunk's latent. */
  readonly drawLatent: (latent: Float32Array) => void;
}

/** Makes one face's head motion, 32 frames at a time. */
export class PoseVae {
  readonly #options: PoseVaeOptions;
  readonly #style: BigInt64Array;
  readonly #latent = new Float32Array(POSE_LATENT_VALUES);

  /** Throws a TypeError when the style is no whole number from 0 to 45. */
  constructor(options: PoseVaeOptions) {
    const { style } = options;
    if (!Number.isInteger(style) || style < 0 || style >= POSE_STYLES) {
      throw new TypeError(`The pose style must be a whole number from 0 to ${POSE_STYLES - 1}, not ${style}.`);
    }
    this.#options = options;
    this.#style = BigInt64Array.of(BigInt(style));
  }

  /** Returns the motion of the next chunk, 32 × 6 relative to the portrait's pose, from its 32 mel windows, which are copied at once. */
  async run(windows: Float32Array): Promise<Float32Array> {
    const { model, reference, drawLatent } = this.#options;
    drawLatent(this.#latent);
    const { motion } = await model.run({
      mel: { dims: [POSE_CHUNK_FRAMES, 1, MEL_BANDS, MEL_WINDOW_FRAMES], data: windows },
      reference: { dims: [1, reference.length], data: reference },
      latent: { dims: [1, POSE_LATENT_VALUES], data: this.#latent },
      style: { dims: [1], data: this.#style },
    }, { outputs: ['motion'] });
    return motion?.data as Float32Array;
  }
}

/** Returns what draws latents from the normal distribution. */
export function normalLatents(random: Random): (latent: Float32Array) => void {
  return (latent) => {
    for (let i = 0; i < latent.length; i++) {
      latent[i] = random.normal();
    }
  };
}
