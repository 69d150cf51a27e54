/** Holds packets back until their time, and gives them out in the order in which they came. */
export class DelayLine {
  readonly #waiting: { readonly atMs: number; readonly deliver: () => void }[] = [];
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Delivers at a time (`performance.now()`), but never before what came earlier. */
  push(atMs: number, deliver: () => void): void {
    this.#lastMs = Math.max(this.#lastMs, atMs);
    if (this.#waiting.length === 0 && this.#lastMs <= performance.now()) {
      deliver();
      return;
    }
    this.#waiting.push({ atMs: this.#lastMs, deliver });
    this.#arm();
  }

  #arm(): void {
    const [next] = this.#waiting;
    if (next !== undefined && this.#timer === undefined) {
      this.#timer = setTimeout(() => { this.#run(); }, Math.max(0, next.atMs - performance.now()));
    }
  }

  #run(): void {
    this.#timer = undefined;
    // Timers are whole milliseconds: what is due within the next one goes now.
    const nowMs = performance.now() + 0.5;
    while (this.#waiting[0] !== undefined && this.#waiting[0].atMs <= nowMs) {
      this.#waiting.shift()?.deliver();
    }
    this.#arm();
  }
}
