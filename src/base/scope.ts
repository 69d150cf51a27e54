/** Something that can be closed, once or many times, with the same promise each time. */
export interface Closeable {
  close(): Promise<void>;
}

/**
 * Owns things that must be closed: `close()` closes them in reverse order, is idempotent and returns the same promise.
 * Every child is closed even when another one fails; the failures are thrown together at the end.
 */
export class Scope implements Closeable, AsyncDisposable {
  readonly #children: (() => Promise<void> | void)[] = [];
  #closing: Promise<void> | undefined;

  /** True once `close()` was called. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Takes ownership of a child and returns it. */
  own<T extends Closeable>(child: T): T {
    this.defer(() => child.close());
    return child;
  }

  /** Takes ownership of a child that is still being opened, once it is there; it is closed at once when the scope is closed by then. */
  async ownOpened<T extends Closeable>(opening: Promise<T>): Promise<T> {
    return this.own(await opening);
  }

  /** Runs the function when the scope closes; at once when it is closed already. */
  defer(close: () => Promise<void> | void): void {
    if (this.#closing === undefined) {
      this.#children.push(close);
      return;
    }
    // Also after a failure: the child must not stay open.
    this.#closing = this.#closing.finally(close);
    // Whoever closes next hears of all failures; nobody may, and a failure that nobody hears of would end the process.
    this.#closing.catch(() => undefined);
  }

  /** Lets go of every child without closing it: someone else owns them now. */
  release(): void {
    this.#children.length = 0;
  }

  /** Returns a new scope that owns the children from now on; for what was built whole. */
  handOver(): Scope {
    const heir = new Scope();
    heir.#children.push(...this.#children.splice(0));
    return heir;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#children.reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#children.length = 0;
    if (failures.length > 0) {
      throw new AggregateError(failures, `${failures.length} of the things to close failed to close.`);
    }
  }
}
