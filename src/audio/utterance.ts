/** Samples are gathered in pages of this size: many tiny pushes cost no more than one that is long. */
const PAGE_SAMPLES = 4096;

const NO_SAMPLES = new Float32Array(0);

/** One utterance's sound as it was pushed, taken out in small pieces. */
export class Utterance {
  readonly id: string;
  readonly rateHz: number;
  readonly #pages: Float32Array[] = [];
  /** Samples of the first page that were taken, and of the last one that are filled. */
  #taken = 0;
  #filled = 0;
  #waiting = 0;
  /** True once `end` was said: nothing more comes. */
  complete = false;
  /** True once its first sound (or its end, when it has none) was played. */
  started = false;
  /** Samples at 48 kHz that were played. */
  playedSamples = 0;

  constructor(id: string, rateHz: number) {
    this.id = id;
    this.rateHz = rateHz;
  }

  /** Samples not yet taken. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Sound not yet taken, in milliseconds. */
  get waitingMs(): number {
    return (this.#waiting * 1000) / this.rateHz;
  }

  /** Adds samples; they are copied. */
  append(samples: Float32Array): void {
    for (let at = 0; at < samples.length;) {
      const page = this.#pageToFill();
      const piece = samples.subarray(at, at + PAGE_SAMPLES - this.#filled);
      page.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
    }
    this.#waiting += samples.length;
  }

  /** Takes a run of at most `most` samples; empty when none wait. */
  take(most: number): Float32Array {
    const page = this.#pages[0];
    if (page === undefined) {
      return NO_SAMPLES;
    }
    const run = page.subarray(this.#taken, this.#taken + Math.min(most, this.#waiting));
    this.#taken += run.length;
    this.#waiting -= run.length;
    if (this.#taken === PAGE_SAMPLES) {
      this.#pages.shift();
      this.#taken = 0;
    }
    return run;
  }

  /** Returns the last page; a new one when it is full. */
  #pageToFill(): Float32Array {
    const last = this.#pages.at(-1);
    if (last !== undefined && this.#filled < PAGE_SAMPLES) {
      return last;
    }
    const page = new Float32Array(PAGE_SAMPLES);
    this.#pages.push(page);
    this.#filled = 0;
    return page;
  }
}
