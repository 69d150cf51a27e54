import type { Random } from './random.ts';

/** Ratios of the parts' frequencies: none a multiple of another, so that the sum never repeats within a session. */
const RATIOS = [1, 1.618, 2.718] as const;

/** Size of the parts; the sum stays within −1..1. */
const SIZES = [0.5, 0.32, 0.18] as const;

/** Band-limited noise within −1..1: the sum of three slow sines of seeded phase, band-limited by construction. */
export class SlowNoise {
  readonly #phases: Float64Array;
  readonly #steps: Float64Array;

  /** `hz` is the lowest frequency; the highest is 2.7 times that. */
  constructor(random: Random, hz: number) {
    this.#phases = Float64Array.from(RATIOS, () => random.between(0, 2 * Math.PI));
    this.#steps = Float64Array.from(RATIOS, (ratio) => 2 * Math.PI * hz * ratio * random.between(0.9, 1.1) * 0.04);
  }

  /** Returns the value at the next video frame (40 ms later). */
  next(): number {
    let sum = 0;
    for (let i = 0; i < RATIOS.length; i++) {
      this.#phases[i] = (this.#phases[i]! + this.#steps[i]!) % (2 * Math.PI);
      sum += SIZES[i]! * Math.sin(this.#phases[i]!);
    }
    return sum;
  }
}
