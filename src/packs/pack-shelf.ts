import { AvatarError } from '../base/errors.ts';
import { Scope } from '../base/scope.ts';
import type { Closeable } from '../base/scope.ts';
import type { FacePack, PackName } from './face-pack.ts';

/** How a pack that is not always there is found and opened. */
export interface ShelvedPack {
  readonly name: PackName;
  /** True when its files are there. */
  isInstalled(): Promise<boolean>;
  open(): Promise<FacePack>;
}

/** The packs of a server: those that are loaded, and those that are loaded when they are first asked for. */
export class PackShelf implements Closeable {
  readonly #scope = new Scope();
  readonly #shelved: readonly ShelvedPack[];
  readonly #loaded: FacePack[] = [];
  readonly #loading = new Map<PackName, Promise<FacePack>>();

  /** Owns the pack that is always there. */
  constructor(builtIn: FacePack, shelved: readonly ShelvedPack[]) {
    this.#shelved = shelved;
    this.#loaded.push(this.#scope.own(builtIn));
  }

  /** Packs that are loaded now. */
  get loaded(): readonly FacePack[] {
    return this.#loaded;
  }

  /** Names of the packs that can be asked for. */
  async installed(): Promise<PackName[]> {
    const there = await Promise.all(this.#shelved.map(async (pack) => (await pack.isInstalled() ? [pack.name] : [])));
    return [...new Set([...this.#loaded.map(({ name }) => name), ...there.flat()])];
  }

  /**
   * Returns a pack; one that is not loaded yet is loaded once, however many ask.
   * @throws AvatarError `unknown_pack`, and what loading throws.
   */
  async get(name: string): Promise<FacePack> {
    const ready = this.#loaded.find((pack) => pack.name === name);
    if (ready !== undefined) {
      return ready;
    }
    const shelved = this.#shelved.find((pack) => pack.name === name);
    if (shelved === undefined || !await shelved.isInstalled()) {
      throw new AvatarError('unknown_pack', `There is no pack ${name}. Installed: ${(await this.installed()).join(', ')}.`);
    }
    const loading = this.#loading.get(shelved.name) ?? this.#load(shelved);
    this.#loading.set(shelved.name, loading);
    return loading;
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #load(shelved: ShelvedPack): Promise<FacePack> {
    try {
      const pack = await shelved.open();
      if (this.#scope.closed) {
        await pack.close();
        throw new AvatarError('session_ended', 'The server is stopping.');
      }
      this.#loaded.push(this.#scope.own(pack));
      return pack;
    } finally {
      this.#loading.delete(shelved.name);
    }
  }
}
