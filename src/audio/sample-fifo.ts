/** A first-in, first-out buffer of samples with a fixed capacity; it never allocates after it was made. */
export class SampleFifo {
  readonly capacity: number;
  readonly #samples: Float32Array;
  #start = 0;
  #length = 0;

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new TypeError(`A buffer's capacity is a whole number of samples from 1 on, not ${capacity}.`);
    }
    this.capacity = capacity;
    this.#samples = new Float32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Adds samples at the end. @throws RangeError when they do not fit. */
  write(samples: Float32Array): void {
    if (this.#length + samples.length > this.capacity) {
      throw new RangeError(`${samples.length} samples do not fit: ${this.#length} of ${this.capacity} are taken.`);
    }
    const at = (this.#start + this.#length) % this.capacity;
    const first = Math.min(samples.length, this.capacity - at);
    this.#samples.set(samples.subarray(0, first), at);
    this.#samples.set(samples.subarray(first), 0);
    this.#length += samples.length;
  }

  /** Copies the oldest samples into `target` without taking them: `count` of them. @throws RangeError when there are fewer. */
  peek(target: Float32Array, count: number): void {
    if (count > this.#length) {
      throw new RangeError(`${count} samples were asked for, ${this.#length} are there.`);
    }
    const first = Math.min(count, this.capacity - this.#start);
    target.set(this.#samples.subarray(this.#start, this.#start + first));
    target.set(this.#samples.subarray(0, count - first), first);
  }

  /** Takes the oldest samples away. @throws RangeError when there are fewer. */
  skip(count: number): void {
    if (count > this.#length) {
      throw new RangeError(`${count} samples were to go, ${this.#length} are there.`);
    }
    this.#start = (this.#start + count) % this.capacity;
    this.#length -= count;
  }

  /** Moves the oldest samples to the start of `target`: `count` of them. @throws RangeError when there are fewer. */
  read(target: Float32Array, count: number): void {
    this.peek(target, count);
    this.skip(count);
  }

  /** Throws everything away. */
  clear(): void {
    this.#length = 0;
  }
}
