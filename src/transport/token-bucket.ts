/** Allows a steady rate with bursts: spending is always possible, and answers how long to wait before spending again. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledMs: number;

  constructor(options: { capacity: number; perSecond: number; nowMs: number }) {
    this.#capacity = options.capacity;
    this.#perSecond = options.perSecond;
    this.#tokens = options.capacity;
    this.#filledMs = options.nowMs;
  }

  /** Spends tokens, into debt if need be; returns the milliseconds until the debt is paid, 0 without debt. */
  spend(tokens: number, nowMs: number): number {
    this.#tokens = Math.min(this.#capacity, this.#tokens + ((nowMs - this.#filledMs) * this.#perSecond) / 1000) - tokens;
    this.#filledMs = nowMs;
    return this.#tokens >= 0 ? 0 : (-this.#tokens * 1000) / this.#perSecond;
  }
}
