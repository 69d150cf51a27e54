/** Seconds per video frame. */
const FRAME_S = 0.04;

/** A value that follows its goal without overshoot or jump: a critically damped spring, solved exactly per 40 ms frame. */
export class Spring {
  value = 0;
  #velocity = 0;

  /**
   * Moves one frame toward the goal and returns the new value; `ratePerS` is the spring's own frequency in rad/s
   * (it has gone 90 % of its way after about 3.9 / rate seconds).
   * x(t) = goal + (c + d·t)·e^(−rate·t) with c = x − goal, d = v + rate·c.
   */
  toward(goal: number, ratePerS: number): number {
    const offset = this.value - goal;
    const slope = this.#velocity + ratePerS * offset;
    const decay = Math.exp(-ratePerS * FRAME_S);
    this.value = goal + (offset + slope * FRAME_S) * decay;
    this.#velocity = (slope - ratePerS * (offset + slope * FRAME_S)) * decay;
    return this.value;
  }
}

/** A push that fades: jumps up when struck and falls exponentially; a spring that follows it draws a smooth bump. */
export class FadingPulse {
  value = 0;
  readonly #keep: number;

  /** Falls to 37 % in `fadeS` seconds. */
  constructor(fadeS: number) {
    this.#keep = Math.exp(-FRAME_S / fadeS);
  }

  /** Sets the pulse to a height, of either sign. */
  strike(height: number): void {
    this.value = height;
  }

  /** Fades by one frame and returns the value before it. */
  next(): number {
    const { value } = this;
    this.value *= this.#keep;
    return value;
  }
}
