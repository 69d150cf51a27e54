interface Waiting<Answer> {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Calls to another thread that wait for their answers, paired with them by number. Once failed, it takes no more. */
export class PendingCalls<Answer> {
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #lastCall = 0;
  #failure: Error | undefined;

  /** Why every call is rejected from now on; undefined while all is well. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Posts a call under a number of its own, and waits for its answer. */
  call(post: (call: number) => void): Promise<Answer> {
    if (this.#failure !== undefined) {
      return Promise.reject(this.#failure);
    }
    this.#lastCall += 1;
    const call = this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      post(call);
    });
  }

  /** Answers a call; one that was given up already is passed over. */
  settle(call: number, answer: Answer | Error): void {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (answer instanceof Error) {
      waiting?.reject(answer);
    } else {
      waiting?.resolve(answer);
    }
  }

  /** Rejects every call, those under way and all later ones; the first reason counts. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.values()) {
      waiting.reject(this.#failure);
    }
    this.#waiting.clear();
  }
}
