import { Random } from '../random.ts';

/** Ratios of one blink, a frame each. */
const BLINK = [0.5, 0.9, 1, 0.9, 0.5] as const;

/** Frames between two blinks, and before the first. */
const LEAST_WAIT_FRAMES = 10;
const MOST_WAIT_FRAMES = 69;

/**
 * Draws ExpNet's blink ratios one frame at a time: 0 open to 1 shut. Between blinks lie 10 to 69 frames, uniformly drawn, as in
 * the reference; its own schedule needs the clip's length and ends halfway, this one goes on.
 */
export class BlinkRatios {
  readonly #random: Random | undefined;
  #untilBlink = 0;
  #step = 0;

  /** Without a seed the eyes stay open. */
  constructor(seed?: number) {
    this.#random = seed === undefined ? undefined : new Random(seed);
    this.#wait();
  }

  /** Returns the ratio of the next video frame. */
  next(): number {
    if (this.#random === undefined) {
      return 0;
    }
    if (this.#untilBlink > 0) {
      this.#untilBlink -= 1;
      return 0;
    }
    const ratio = BLINK[this.#step]!;
    this.#step += 1;
    if (this.#step === BLINK.length) {
      this.#wait();
    }
    return ratio;
  }

  #wait(): void {
    this.#step = 0;
    this.#untilBlink = Math.floor(this.#random?.between(LEAST_WAIT_FRAMES, MOST_WAIT_FRAMES + 1) ?? 0);
  }
}
