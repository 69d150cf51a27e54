/** How much the latest batch counts in the running mean. */
const NEWEST_SHARE = 0.1;

/** What batches of each size take, measured at start and while drawing. */
export class BatchClock {
  #ms: number[];

  /** Takes the milliseconds of a batch of 1, 2, … frames, at least one. */
  constructor(batchMs: readonly number[]) {
    this.#ms = [...batchMs];
  }

  /** Largest batch. */
  get most(): number {
    return this.#ms.length;
  }

  /** Frames a second in the quickest batch size. */
  get framesPerSecond(): number {
    return Math.max(...this.#ms.map((ms, index) => ((index + 1) * 1000) / ms));
  }

  /** Milliseconds that a batch of so many frames takes; the largest batch's where there are more. */
  expectedMs(frames: number): number {
    return this.#ms[Math.min(frames, this.#ms.length) - 1]!;
  }

  /** Starts again from what a new thread measured: it may run fewer sizes. */
  renew(batchMs: readonly number[]): void {
    this.#ms = [...batchMs];
  }

  /** Takes in what a batch took. */
  took(frames: number, ms: number): void {
    this.#ms[frames - 1]! += (ms - this.#ms[frames - 1]!) * NEWEST_SHARE;
  }
}
