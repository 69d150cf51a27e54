/**
 * Takes the clicks out of a voice that starts and stops anywhere: where sound starts it rises from zero over the ramp;
 * where it stops, its last samples follow once more, mirrored in time and falling to zero, so that nothing of it is lost.
 */
export class EdgeFade {
  readonly #ramp: number;
  /** The last samples of the sound so far. */
  readonly #history: Float32Array;
  /** What is still to follow the sound's end. */
  readonly #tail: Float32Array;
  #tailAt: number;
  #risen = 0;
  #sounding = false;

  /** Makes a fade of `rampSamples` samples; blocks must be at least that long. */
  constructor(rampSamples: number) {
    this.#ramp = rampSamples;
    this.#history = new Float32Array(rampSamples);
    this.#tail = new Float32Array(rampSamples);
    this.#tailAt = rampSamples;
  }

  /** Smooths the next block in place: its first `sound` samples are sound, the rest is silence. */
  apply(block: Float32Array, sound: number): void {
    if (sound > 0) {
      this.#rise(block, sound);
      this.#remember(block, sound);
    } else {
      this.stop();
    }
    this.#addTail(block, 0);
    if (sound > 0 && sound < block.length) {
      this.stop();
      this.#addTail(block, sound);
    }
  }

  /** Says that the sound so far has come to its end, also when the next block starts with other sound. */
  stop(): void {
    if (!this.#sounding) {
      return;
    }
    this.#sounding = false;
    this.#tailAt = 0;
    for (let n = 0; n < this.#ramp; n++) {
      this.#tail[n] = this.#history[this.#ramp - 1 - n]! * (1 - (n + 1) / this.#ramp);
    }
  }

  #rise(block: Float32Array, sound: number): void {
    if (!this.#sounding) {
      this.#sounding = true;
      this.#risen = 0;
      this.#history.fill(0);
    }
    for (let n = 0; n < sound && this.#risen < this.#ramp; n++, this.#risen++) {
      block[n] = block[n]! * (this.#risen / this.#ramp);
    }
  }

  #remember(block: Float32Array, sound: number): void {
    if (sound >= this.#ramp) {
      this.#history.set(block.subarray(sound - this.#ramp, sound));
    } else {
      this.#history.copyWithin(0, sound);
      this.#history.set(block.subarray(0, sound), this.#ramp - sound);
    }
  }

  #addTail(block: Float32Array, from: number): void {
    for (let n = from; n < block.length && this.#tailAt < this.#ramp; n++, this.#tailAt++) {
      block[n] = block[n]! + this.#tail[this.#tailAt]!;
    }
  }
}
