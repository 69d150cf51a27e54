import { AvatarError } from '../base/errors.ts';

/** Lets a few pieces of work run at once, some more wait in order, and refuses the rest. */
export class WorkGate {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: { atOnce: number; mostWaiting: number }) {
    this.#atOnce = options.atOnce;
    this.#mostWaiting = options.mostWaiting;
  }

  /**
   * Runs the work when its turn has come.
   * @throws AvatarError `rate_limited` when too many wait already.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) {
      this.#running += 1;
    } else {
      await this.#queue();
    }
    try {
      return await work();
    } finally {
      // Whoever waits longest takes over this place, so the count stays.
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#running -= 1;
      } else {
        next();
      }
    }
  }

  #queue(): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting) {
      return Promise.reject(new AvatarError('rate_limited', `${this.#waiting.length} portraits are waiting to be prepared. Try again in a few seconds.`));
    }
    return new Promise((resolve) => { this.#waiting.push(resolve); });
  }
}
