/** What a queue does with an item that does not fit. */
export type OverflowRule = 'dropOldest' | 'refuse';

/**
 * A first-in, first-out queue with a capacity in items and a named overflow rule.
 * `dropOldest` makes room and tells `onDropped`; `refuse` leaves the queue as it is and `push` returns false.
 */
export class BoundedQueue<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  readonly #overflow: OverflowRule;
  readonly #onDropped: ((item: T) => void) | undefined;

  constructor(options: { capacity: number; overflow: OverflowRule; onDropped?: (item: T) => void }) {
    if (!Number.isInteger(options.capacity) || options.capacity < 1) {
      throw new TypeError(`A queue's capacity is a whole number from 1 on, not ${options.capacity}.`);
    }
    this.#capacity = options.capacity;
    this.#overflow = options.overflow;
    this.#onDropped = options.onDropped;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Adds an item; false when it was refused. */
  push(item: T): boolean {
    if (this.#items.length >= this.#capacity) {
      if (this.#overflow === 'refuse') {
        return false;
      }
      const dropped = this.#items.shift();
      if (dropped !== undefined) {
        this.#onDropped?.(dropped);
      }
    }
    this.#items.push(item);
    return true;
  }

  /** Takes the oldest item. */
  shift(): T | undefined {
    return this.#items.shift();
  }

  /** Looks at the oldest item. */
  peek(): T | undefined {
    return this.#items[0];
  }

  /** Takes everything out, oldest first. */
  drain(): T[] {
    return this.#items.splice(0);
  }
}
