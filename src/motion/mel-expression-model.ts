import weights from './mouth-net-weights.json' with { type: 'json' };
import { FACE_COEFFICIENTS, FACE_INDEX } from '../base/motion-frame.ts';
import type { MelWindow } from '../base/mel-window.ts';
import { InvalidStateError } from '../base/errors.ts';
import { ExpressionSmoother } from './expression-smoother.ts';
import type { ExpressionModel, ExpressionReference, ExpressionStream } from './expression-model.ts';
import { MouthNet } from './mouth-net.ts';
import { clamp, smoothStep } from './shaping.ts';
import { LEVEL_GROUPS, SpeechLevel } from './speech-level.ts';
import { VISEME_INDEX, VISEME_MOUTHS } from './viseme.ts';

/** Sharper than the probabilities themselves: a mean of mouths is a mumble. */
const SHARPNESS = 1.25;

/** Lips begin to meet, and have met, at these probabilities of p, b or m. */
const CLOSURE_FROM = 0.22;
const CLOSURE_TO = 0.45;

/** The same for the lower lip under the teeth, f and v. */
const TUCK_FROM = 0.2;
const TUCK_TO = 0.5;

/** Loud syllables open wider: part of the jaw per 10 dB around the voice's usual vowel, and its limits. */
const EFFORT_PER_10_DB = 0.25;
const USUAL_VOWEL_UNDER_LEVEL_DB = 3;

/** Mel frames of the window that lie around the video frame. */
const CENTRE_FIRST = 4;
const CENTRE_LAST = 10;

/** Sound starts to move the mouth, and moves it fully, at these values of `SpeechLevel.relative` (25 dB each). */
const AUDIBLE_FROM = 0.12;
const AUDIBLE_TO = 0.4;

const { jaw: JAW, press: PRESS, tuck: TUCK, upperUp: UPPER_UP, lowerDown: LOWER_DOWN, funnel: FUNNEL } = FACE_INDEX;

/** Drives the built-in face's mouth from the mel window itself: the probable visemes' mouths, blended and smoothed. */
export class MelExpressionModel implements ExpressionModel {
  readonly name = 'mel-mouth';

  open(reference: ExpressionReference): ExpressionStream {
    if (reference.expression.length !== FACE_COEFFICIENTS.length) {
      throw new TypeError(`The reference must have ${FACE_COEFFICIENTS.length} coefficients, those of the built-in face, not ${reference.expression.length}.`);
    }
    return new MelExpressionStream();
  }

  /** Holds nothing; there to satisfy the interface. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

class MelExpressionStream implements ExpressionStream {
  readonly #level = new SpeechLevel();
  readonly #net = new MouthNet(weights);
  readonly #smoother = new ExpressionSmoother();
  readonly #target = new Float32Array(FACE_COEFFICIENTS.length);
  #closed = false;

  next(window: MelWindow): Promise<Float32Array> {
    if (this.#closed) {
      return Promise.reject(new InvalidStateError('The expression stream is closed. Open another one.'));
    }
    this.#level.update(window);
    this.#net.run(this.#level.relative);
    this.#blend();
    return Promise.resolve(this.#smoother.next(this.#target));
  }

  reset(): void {
    this.#smoother.close();
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #blend(): void {
    const target = this.#target.fill(0);
    const probabilities = this.#net.probabilities;
    const closure = smoothStep(CLOSURE_FROM, CLOSURE_TO, probabilities[VISEME_INDEX.closed]!);
    const tuck = smoothStep(TUCK_FROM, TUCK_TO, probabilities[VISEME_INDEX.lipTeeth]!);
    const audible = audibility(this.#level.relative);
    addMouths(target, probabilities);
    target[JAW]! *= this.#effort();
    // A half-closed p is no p: what opens the lips gives way altogether.
    const open = (1 - closure) * (1 - 0.75 * tuck);
    for (const index of [JAW, UPPER_UP, LOWER_DOWN, FUNNEL]) {
      target[index]! *= open;
    }
    target[PRESS] = Math.max(target[PRESS]! * (1 - tuck), closure);
    target[TUCK] = Math.max(target[TUCK]! * (1 - closure), tuck * (1 - closure));
    for (let i = 0; i < target.length; i++) {
      target[i]! *= audible;
    }
  }

  /** Returns how wide this syllable opens, about 1, from its loudness. */
  #effort(): number {
    let loudest = -Infinity;
    for (let frame = CENTRE_FIRST; frame <= CENTRE_LAST; frame++) {
      loudest = Math.max(loudest, this.#level.loudnessDb[frame]!);
    }
    const overUsualDb = loudest - this.#level.levelDb + USUAL_VOWEL_UNDER_LEVEL_DB;
    return clamp(1 + (EFFORT_PER_10_DB * overUsualDb) / 10, 0.7, 1.25);
  }
}

/** Adds each viseme's mouth, weighted with its sharpened probability. */
function addMouths(target: Float32Array, probabilities: Float32Array): void {
  let total = 0;
  for (const probability of probabilities) {
    total += probability ** SHARPNESS;
  }
  for (let viseme = 0; viseme < probabilities.length; viseme++) {
    const share = probabilities[viseme]! ** SHARPNESS / total;
    const mouth = VISEME_MOUTHS[viseme]!;
    for (let i = 0; i < target.length; i++) {
      target[i]! += share * mouth[i]!;
    }
  }
}

/** Returns 0 when nothing is heard around the video frame, to 1. */
function audibility(relative: Float32Array): number {
  let largest = 0;
  for (let at = CENTRE_FIRST * LEVEL_GROUPS; at < (CENTRE_LAST + 1) * LEVEL_GROUPS; at++) {
    largest = Math.max(largest, relative[at]!);
  }
  return smoothStep(AUDIBLE_FROM, AUDIBLE_TO, largest);
}
