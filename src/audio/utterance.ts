/** One utterance's sound as it was pushed, taken out in small pieces. */
export class Utterance {
  readonly id: string;
  readonly rateHz: number;
  readonly #chunks: Float32Array[] = [];
  /** Samples of the first chunk that were taken. */
  #offset = 0;
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

  /** Adds samples; the array is kept. */
  append(samples: Float32Array): void {
    if (samples.length > 0) {
      this.#chunks.push(samples);
      this.#waiting += samples.length;
    }
  }

  /** Takes a run of at most `most` samples; empty when none wait. */
  take(most: number): Float32Array {
    const chunk = this.#chunks[0];
    if (chunk === undefined) {
      return NO_SAMPLES;
    }
    const run = chunk.subarray(this.#offset, this.#offset + most);
    this.#offset += run.length;
    this.#waiting -= run.length;
    if (this.#offset === chunk.length) {
      this.#chunks.shift();
      this.#offset = 0;
    }
    return run;
  }
}

const NO_SAMPLES = new Float32Array(0);
