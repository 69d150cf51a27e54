/** Looks at a thread per patience: after a hold-up of this thread one look alone must not condemn the other. */
const LOOKS = 4;

/** Watches a thread that owes answers: one that gives none for too long hangs. It keeps no process alive. */
export class SilenceWatch {
  readonly #looks: NodeJS.Timeout;
  readonly #onSilent: () => void;
  #owed = 0;
  #silentLooks = 0;
  /** Looks in a row that may find an answer owed. */
  #patientLooks: number;

  /**
   * Calls `onSilent` once when an answer is owed and none came for `patienceMs`; the first answer may take `firstMs`
   * (default: the same), as a thread that just started may still be loading its files.
   */
  constructor(patienceMs: number, onSilent: () => void, firstMs = patienceMs) {
    this.#onSilent = onSilent;
    this.#patientLooks = (LOOKS * firstMs) / patienceMs;
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
    this.#patientLooks = LOOKS;
  }

  /** Ends the watch. */
  stop(): void {
    clearInterval(this.#looks);
  }

  #look(): void {
    this.#silentLooks = this.#owed > 0 ? this.#silentLooks + 1 : 0;
    if (this.#silentLooks > this.#patientLooks) {
      this.stop();
      this.#onSilent();
    }
  }
}
