/** A seeded source of random numbers (mulberry32): the same seed gives the same sequence on every machine. */
export class Random {
  #state: number;

  /** The seed is any whole number; only its low 32 bits count. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new TypeError(`The seed must be a whole number, not ${seed}.`);
    }
    this.#state = seed >>> 0;
  }

  /** Returns the next number, uniform in 0 (included) to 1 (excluded). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Returns a number uniform in low (included) to high (excluded). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Returns true with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Returns a number from −1 to 1, near 0 more often than not (mean of two uniform ones). */
  nearZero(): number {
    return this.next() + this.next() - 1;
  }

  /** Returns a number of the normal distribution around 0 with deviation 1 (Box and Muller's transform). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}
