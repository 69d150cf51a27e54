/** One piece of text being spoken: sound comes in from the speech thread and is read out in order. */
export class SpeechJob {
  readonly number: number;
  /** Shared with the speech thread: anything but 0 cancels. */
  readonly cancelled = new Int32Array(new SharedArrayBuffer(4));
  readonly #blocks: Float32Array[] = [];
  #waitingSamples = 0;
  #done = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(number: number) {
    this.number = number;
  }

  /** True once all its sound is here. */
  get done(): boolean {
    return this.#done;
  }

  /** Samples that came and were not read yet. */
  get waitingSamples(): number {
    return this.#waitingSamples;
  }

  /** Takes in sound. */
  add(samples: Float32Array): void {
    this.#blocks.push(samples);
    this.#waitingSamples += samples.length;
    this.#wake?.();
  }

  /** Says that no more sound comes, because it is all here or because of an error. */
  finish(failure?: Error): void {
    this.#done = true;
    this.#failure ??= failure;
    this.#wake?.();
  }

  /** Stops the work on it as soon as possible; a waiting reader gets the reason thrown. */
  cancel(reason: Error): void {
    Atomics.store(this.cancelled, 0, 1);
    this.#blocks.length = 0;
    this.#waitingSamples = 0;
    this.finish(reason);
  }

  /** Waits for the next sound; undefined at the end. Throws why the job failed or was cancelled. */
  async next(): Promise<Float32Array | undefined> {
    while (this.#blocks.length === 0 && !this.#done) {
      await new Promise<void>((resolve) => { this.#wake = resolve; });
      this.#wake = undefined;
    }
    const block = this.#blocks.shift();
    if (block === undefined && this.#failure !== undefined) {
      throw this.#failure;
    }
    this.#waitingSamples -= block?.length ?? 0;
    return block;
  }
}
