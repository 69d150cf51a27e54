import type { Closeable } from '../../base/scope.ts';
import type { OnnxModel } from '../../inference/onnx-model.ts';
import type { Avatar } from '../avatar.ts';
import { CuttingThread } from './cutting-thread.ts';
import { Face3dModel } from './face3d-model.ts';
import { meshLandmarks } from './mesh-landmarks.ts';
import { type NeuralPortrait, PREPROCESS_MODES, type PreprocessMode } from './neural-portrait.ts';

/** Turns avatars into what SadTalker's networks take. Its thread starts when it is made. */
export class NeuralPortraitMaker implements Closeable {
  readonly #model: Face3dModel;
  readonly #sizePx: number;
  readonly #thread: CuttingThread;

  /**
   * Takes the network that fits the morphable model (who loaded it closes it) and the side of the networks' pictures in pixels.
   * @throws TypeError when the size is no whole number of 16 or more.
   */
  constructor({ face3d, size }: { face3d: OnnxModel; size: number }) {
    if (!Number.isInteger(size) || size < 16) {
      throw new TypeError(`The networks' pictures have a whole number of pixels, at least 16, not ${size}.`);
    }
    this.#model = new Face3dModel(face3d);
    this.#sizePx = size;
    this.#thread = new CuttingThread();
  }

  /**
   * Cuts an avatar and fits the morphable model to it. The reference looks for the landmarks of the squeezed face anew;
   * here those of the avatar's mesh are moved along with its pixels.
   * @throws TypeError for a mode that does not exist; InvalidStateError after `close()`.
   */
  async make(avatar: Avatar, mode: PreprocessMode): Promise<NeuralPortrait> {
    if (!PREPROCESS_MODES.includes(mode)) {
      throw new TypeError(`A portrait is cut as ${PREPROCESS_MODES.join(', ')}, not ${mode as string}.`);
    }
    const { id, width, height, image, matte, background } = avatar;
    const { photo, face, box, tensor } = await this.#thread.cutAvatar({
      layers: { width, height, image, matte, background }, landmarks: meshLandmarks(avatar.landmarks), mode, sizePx: this.#sizePx,
    });
    return { id: `${id}-${mode}-${this.#sizePx}`, mode, photo, face, box, coefficients: await this.#model.fit(tensor) };
  }

  /** Ends the thread; portraits being cut are rejected. */
  close(): Promise<void> {
    return this.#thread.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
