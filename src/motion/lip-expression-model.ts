import { InvalidStateError } from '../base/errors.ts';
import { FACE_COEFFICIENTS } from '../base/motion-frame.ts';
import type { MelWindow } from '../base/mel-window.ts';
import { ExpressionSmoother } from './expression-smoother.ts';
import type { ExpressionModel, ExpressionReference, ExpressionStream } from './expression-model.ts';
import { freshMemory, LipNetwork, VISEME_CLASSES, VISEME_STEPS, type LipMemory } from './lip-network.ts';
import { SpeechLevel } from './speech-level.ts';

/** Drives the built-in face's mouth with the trained network of models/lips. */
export class LipExpressionModel implements ExpressionModel, AsyncDisposable {
  readonly name = 'lips';
  readonly #network: LipNetwork;

  private constructor(network: LipNetwork) {
    this.#network = network;
  }

  /**
   * Loads the network from the folder of models.
   * @throws AvatarError `model_missing`.
   */
  static async open(modelsFolder: string): Promise<LipExpressionModel> {
    return new LipExpressionModel(await LipNetwork.open(modelsFolder));
  }

  /** Throws a TypeError when the reference is not one of the built-in face. */
  open(reference: ExpressionReference): LipExpressionStream {
    if (reference.expression.length !== FACE_COEFFICIENTS.length) {
      throw new TypeError(`The reference must have ${FACE_COEFFICIENTS.length} coefficients, those of the built-in face, not ${reference.expression.length}.`);
    }
    return new LipExpressionStream(this.#network, reference.expression);
  }

  /** Why it works no more, once the network's thread is gone for good. */
  get failure(): Error | undefined {
    return this.#network.failure;
  }

  /** Ends the network's thread; streams cannot go on. */
  close(): Promise<void> {
    return this.#network.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** One session's mouth. */
export class LipExpressionStream implements ExpressionStream {
  /** Probability of each class in each 10 ms of the last video frame, 4 × 8 in the order of `VISEME_CLASSES`; the next frame overwrites it. */
  readonly visemes = new Float32Array(VISEME_STEPS * VISEME_CLASSES.length);
  readonly #network: LipNetwork;
  readonly #reference: Float32Array;
  readonly #level = new SpeechLevel();
  readonly #smoother = new ExpressionSmoother();
  #memory: LipMemory;
  #closed = false;

  /** Made by `LipExpressionModel.open`. */
  constructor(network: LipNetwork, reference: Float32Array) {
    this.#network = network;
    this.#reference = reference;
    this.#memory = freshMemory(reference);
  }

  async next(window: MelWindow): Promise<Float32Array> {
    if (this.#closed) {
      throw new InvalidStateError('The expression stream is closed. Open another one.');
    }
    this.#level.update(window);
    const { mouth, visemes } = await this.#network.run(window, this.#level, this.#memory);
    this.visemes.set(visemes);
    return this.#smoother.next(mouth);
  }

  reset(): void {
    this.#memory = freshMemory(this.#reference);
    this.#smoother.close();
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}
