/** How often the share of left-out frames is thought over, in milliseconds. */
const PERIOD_MS = 500;

/** A share that was not thought over for so long is that of another time. */
const FORGOTTEN_MS = 4 * PERIOD_MS;

/** Frames of a period below which it says nothing. */
const LEAST_FRAMES = 10;

/** Share of missed frames up to which all is well: a hiccup is no overload. */
const TOLERATED = 0.08;

/** Never more than this share is left out: a face at 5 frames a second is still there. */
const MOST_LEFT_OUT = 0.8;

/** Part of the missed share by which the left-out share grows from the second bad period in a row on, and the step by which it shrinks in a good one. */
const GROWTH = 0.6;
const SHRINKING = 0.1;

/**
 * Shares the machine's drawing and encoding among all sessions: while frames come too late, every session leaves out
 * the same share of its frames before they are begun, evenly spread; when all come in time again, the share shrinks.
 */
export class FrameBudget {
  readonly #now: () => number;
  #share = 0;
  #asked = 0;
  #missed = 0;
  #periodStartMs = -Infinity;
  #wasBad = false;
  #openings = 0;

  /** `now` gives the time in milliseconds. Default: `performance.now`. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The share of frames that every session leaves out now, 0 to 0.8. */
  get leftOutShare(): number {
    // Where nobody asks for frames any more, nobody leaves any out.
    return this.#now() - this.#periodStartMs < FORGOTTEN_MS ? this.#share : 0;
  }

  /** Gives a session its turn-taking: the returned function says whether its next frame is to be made. */
  open(): () => boolean {
    // Sessions start at different points of their pattern, so that they do not all leave out the same moment.
    let owed = (this.#openings++ * 0.618) % 1;
    return () => {
      this.#thinkOver(this.#now());
      this.#asked += 1;
      owed += this.#share;
      if (owed >= 1) {
        owed -= 1;
        return false;
      }
      return true;
    };
  }

  /** A frame that was begun came too late, or could not be begun because earlier ones were still under way. */
  missed(): void {
    this.#missed += 1;
  }

  #thinkOver(nowMs: number): void {
    if (nowMs - this.#periodStartMs < PERIOD_MS) {
      return;
    }
    if (nowMs - this.#periodStartMs > FORGOTTEN_MS) {
      this.#share = 0;
    } else if (this.#asked >= LEAST_FRAMES) {
      const missedShare = this.#missed / this.#asked;
      const isBad = missedShare > TOLERATED;
      if (isBad && this.#wasBad) {
        this.#share = Math.min(MOST_LEFT_OUT, this.#share + GROWTH * missedShare);
      } else if (!isBad) {
        this.#share = Math.max(0, this.#share - SHRINKING);
      }
      this.#wasBad = isBad;
    }
    this.#periodStartMs = nowMs;
    this.#asked = 0;
    this.#missed = 0;
  }
}

