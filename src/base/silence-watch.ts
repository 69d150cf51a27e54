/** Looks at a thread per patience: after a hold-up of this thread one look alone must not condemn the other. */
const LOOKS = 4;

/** Watches a thread that owes answers: one that gives none for too long hangs. It keeps no process alive. */
export class SilenceWatch {
  readonly #looks: NodeJS.Timeout;
  readonly #onSilent: () => void;
  #owed = 0;
  #silentLooks = 0;

  /** Calls `onSilent` once when an answer is owed and none came for `patienceMs`. */
  constructor(patienceMs: number, onSilent: () => void) {
    this.#onSilent = onSilent;
    this.#looks = setInterval(() => { this.#look(); }, patienceMs / LOOKS);
    this.#looks.unref();
  }

  /** Answers that are owed. */
  get owed(): number {
    return this.#owed;
  }

  /** An answer is owed from now on. */
  asked(): void {
    this.#owed += 1;
  }

  /** An answer came. */
  answered(): void {
    this.#owed -= 1;
    this.#silentLooks = 0;
  }

  /** Ends the watch. */
  stop(): void {
    clearInterval(this.#looks);
  }

  #look(): void {
    this.#silentLooks = this.#owed > 0 ? this.#silentLooks + 1 : 0;
    if (this.#silentLooks > LOOKS) {
      this.stop();
      this.#onSilent();
    }
  }
}
