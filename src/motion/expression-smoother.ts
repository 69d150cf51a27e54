import { FACE_COEFFICIENTS, FACE_INDEX, type FaceCoefficient } from '../base/motion-frame.ts';

/** How much of the way to its target a coefficient goes in one frame of 40 ms. */
interface Pace {
  readonly rise: number;
  readonly fall: number;
}

const USUAL: Pace = { rise: 0.9, fall: 0.9 };

/** Lips that meet do so within a frame. The targets come smooth from the network: what is added here makes the mouth later, so it is little. */
const PACES: Partial<Record<FaceCoefficient, Pace>> = {
  press: { rise: 1, fall: 0.75 },
  tuck: { rise: 1, fall: 0.8 },
  smile: { rise: 0.4, fall: 0.35 },
};

/** What parts the lips gives way within the frame once they are to meet this firmly. */
const MEETING_PRESS = 0.6;
const PARTING: ReadonlySet<number> = new Set([FACE_INDEX.jaw, FACE_INDEX.upperUp, FACE_INDEX.lowerDown, FACE_INDEX.funnel]);

/** Largest change in one frame: jaw in mm, the others of their range 0..1. */
const MOST_JAW_MM = 6;
const MOST_CHANGE = 0.7;

/** Frames in which the mouth closes after an interrupt: 120 ms. */
const CLOSING_FRAMES = 3;

/**
 * Makes one mouth move continuously from target to target: each coefficient goes a fixed part of its way per frame,
 * all at once for lips that meet, and never farther than 6 mm (jaw) or 0.7 at once.
 */
export class ExpressionSmoother {
  readonly #current = new Float32Array(FACE_COEFFICIENTS.length);
  readonly #rises = paces((pace) => pace.rise);
  readonly #falls = paces((pace) => pace.fall);
  #closingLeft = 0;

  /** Moves one frame toward the target and returns the mouth, in an array that the next call overwrites. */
  next(target: Float32Array): Float32Array {
    if (this.#closingLeft > 0) {
      return this.#close();
    }
    const meets = target[FACE_INDEX.press]! >= MEETING_PRESS;
    for (let i = 0; i < this.#current.length; i++) {
      const from = this.#current[i]!;
      const way = target[i]! - from;
      const most = i === FACE_INDEX.jaw ? MOST_JAW_MM : MOST_CHANGE;
      const fall = meets && PARTING.has(i) ? 1 : this.#falls[i]!;
      const step = way * (way > 0 ? this.#rises[i]! : fall);
      this.#current[i] = settle(from + Math.min(most, Math.max(-most, step)));
    }
    return this.#current;
  }

  /** Lets the mouth close from where it is over the next three frames, whatever their targets are. */
  close(): void {
    this.#closingLeft = CLOSING_FRAMES;
  }

  #close(): Float32Array {
    const left = this.#closingLeft;
    this.#closingLeft -= 1;
    for (let i = 0; i < this.#current.length; i++) {
      this.#current[i]! *= (left - 1) / left;
    }
    return this.#current;
  }
}

/** Ends the endless approach to 0, so that a resting mouth is the portrait's own. */
function settle(value: number): number {
  return Math.abs(value) < 0.004 ? 0 : value;
}

function paces(pick: (pace: Pace) => number): Float32Array {
  return Float32Array.from(FACE_COEFFICIENTS, (name) => pick(PACES[name] ?? USUAL));
}
