import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';

/** Portraits kept though no drawing uses them: a viewer who comes back need not wait. */
const KEPT_UNUSED = 4;

interface Shelved<Prepared> {
  readonly prepared: Prepared;
  users: number;
}

/** What was worked out for portraits, shared by all drawings of a portrait; the last few unused ones are kept. */
export class PortraitShelf<Prepared> {
  readonly #prepare: (portrait: NeuralPortrait) => Promise<Prepared>;
  /** In the order in which they were last let go of. */
  readonly #shelved = new Map<string, Shelved<Prepared>>();

  constructor(prepare: (portrait: NeuralPortrait) => Promise<Prepared>) {
    this.#prepare = prepare;
  }

  /** Portraits held, used or not. */
  get size(): number {
    return this.#shelved.size;
  }

  /** Returns what was prepared of a portrait, preparing it when it is not there; `release` must follow. Calls come one after the other. */
  async take(portrait: NeuralPortrait): Promise<Prepared> {
    const shelved = this.#shelved.get(portrait.id) ?? { prepared: await this.#prepare(portrait), users: 0 };
    shelved.users += 1;
    this.#shelved.set(portrait.id, shelved);
    return shelved.prepared;
  }

  /** Lets go of a portrait. */
  release(id: string): void {
    const shelved = this.#shelved.get(id);
    if (shelved === undefined) {
      return;
    }
    shelved.users -= 1;
    this.#shelved.delete(id);
    this.#shelved.set(id, shelved);
    const unused = [...this.#shelved].filter(([, { users }]) => users === 0);
    for (const [oldest] of unused.slice(0, Math.max(0, unused.length - KEPT_UNUSED))) {
      this.#shelved.delete(oldest);
    }
  }
}
