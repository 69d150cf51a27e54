import { InvalidStateError } from '../base/errors.ts';
import type { MelWindow } from '../base/mel-window.ts';
import { FACE_COEFFICIENTS, NEUTRAL_POSE, type HeadPose, type MotionFrame } from '../base/motion-frame.ts';
import type { ExpressionModel, ExpressionReference, ExpressionStream } from './expression-model.ts';
import { EyeMotion } from './eye-motion.ts';
import type { FaceState } from './face-state.ts';
import { HeadMotion, type HeadStyle } from './head-motion.ts';
import type { MotionStream } from './motion-stream.ts';
import { Prosody } from './prosody.ts';
import { Random } from './random.ts';

export type { HeadStyle } from './head-motion.ts';

/** What a face's motion is made of. */
export interface FaceMotionOptions {
  /** Drives the mouth. The face opens one stream of it and closes that, not the model. */
  readonly model: ExpressionModel;
  /** Whole number; the same seed and sound give the same motion. */
  readonly seed: number;
  /** The portrait's own coefficients. Default: all zero, the built-in face. */
  readonly reference?: ExpressionReference;
  /** Scale of the head's movement, 0 (still but for breath) to 1.5. Default 1. */
  readonly liveliness?: number;
  /** How the head moves: `calm` turns little and seldom, `presenter` much and often. Default `lively`. */
  readonly style?: HeadStyle;
  /** How the head stands in the portrait: it turns less the way it is turned already. Default: straight. */
  readonly firstPose?: HeadPose;
}

const DEFAULTS = Object.freeze({
  reference: Object.freeze({ expression: new Float32Array(FACE_COEFFICIENTS.length) }),
  liveliness: 1,
  style: 'lively' as const,
  firstPose: NEUTRAL_POSE,
});

/**
 * Moves one session's face: one MotionFrame per mel window. The mouth comes from the expression model; eyes, brows and
 * head are seeded and follow the voice's stress. Eyes and brows are written for the built-in face only:
 * the expression of another pack stays as its model gives it.
 */
export class FaceMotion implements MotionStream {
  readonly #mouth: ExpressionStream;
  readonly #prosody = new Prosody();
  readonly #eyes: EyeMotion;
  readonly #head: HeadMotion;
  #closing: Promise<void> | undefined;

  /** Throws a TypeError when the seed is no whole number or the liveliness is outside 0..1.5. */
  constructor(options: FaceMotionOptions) {
    const { model, seed, reference, liveliness, style, firstPose } = { ...DEFAULTS, ...options };
    if (!(liveliness >= 0 && liveliness <= 1.5)) {
      throw new TypeError(`The liveliness must be from 0 to 1.5, not ${liveliness}.`);
    }
    const random = new Random(seed);
    this.#eyes = new EyeMotion(random);
    this.#head = new HeadMotion(random, { liveliness, style, firstPose });
    this.#mouth = model.open(reference);
  }

  async next(window: MelWindow, state: FaceState): Promise<MotionFrame> {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The face motion is closed. Make another one.');
    }
    const expression = new Float32Array(await this.#mouth.next(window));
    this.#prosody.update(window);
    const pose = this.#head.next(this.#prosody, state);
    if (expression.length === FACE_COEFFICIENTS.length) {
      this.#eyes.next(expression, pose, this.#prosody, state);
    }
    return { mediaUs: window.mediaUs, expression, pose };
  }

  /** Nothing waits: each window gives its own frame. */
  finish(): Promise<readonly MotionFrame[]> {
    return Promise.resolve([]);
  }

  reset(): void {
    this.#mouth.reset();
    this.#prosody.reset();
  }

  close(): Promise<void> {
    this.#closing ??= this.#mouth.close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
