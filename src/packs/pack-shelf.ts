import { AvatarError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import type { FacePack, PackName } from './face-pack.ts';

/** How a pack is found and opened. */
export interface ShelvedPack {
  readonly name: PackName;
  /** True when its files are there. */
  isInstalled(): Promise<boolean>;
  /** Stops loading with the signal's reason when the server stops meanwhile. */
  open(signal: AbortSignal): Promise<FacePack>;
}

/** How long a device counts as too slow, in milliseconds: the GPU that it should have been may only have been full. */
const TOO_SLOW_MS = 10 * 60_000;

/** The packs of a server, each loaded when it is first asked for; one that broke is loaded anew. */
export class PackShelf implements Closeable {
  readonly #shelved: readonly ShelvedPack[];
  /** By name; a device that was found too slow is for `TOO_SLOW_MS`, anything else that failed is tried again at once. */
  readonly #opened = new Map<PackName, Promise<FacePack>>();
  readonly #loaded = new Set<FacePack>();
  readonly #stop = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(shelved: readonly ShelvedPack[]) {
    this.#shelved = shelved;
  }

  /** Packs that are loaded now. */
  get loaded(): readonly FacePack[] {
    return [...this.#loaded];
  }

  /** Names of the packs that can be asked for. */
  async installed(): Promise<PackName[]> {
    const there = await Promise.all(this.#shelved.map(async (pack) => (await pack.isInstalled() ? [pack.name] : [])));
    return there.flat();
  }

  /**
   * Returns a pack; one that is not loaded yet is loaded once, however many ask.
   * @throws AvatarError `unknown_pack`, and what loading throws.
   */
  async get(name: string): Promise<FacePack> {
    const shelved = this.#shelved.find((pack) => pack.name === name);
    if (shelved === undefined || !await shelved.isInstalled()) {
      throw new AvatarError('unknown_pack', `There is no pack ${name}. Installed: ${(await this.installed()).join(', ')}.`);
    }
    const opened = this.#opened.get(shelved.name);
    const pack = await opened;
    if (pack !== undefined && pack.failure === undefined) {
      return pack;
    }
    // Only the first of those that find it broken takes it away.
    if (pack !== undefined && this.#opened.get(shelved.name) === opened) {
      this.#opened.delete(shelved.name);
      this.#loaded.delete(pack);
      await pack.close();
    }
    const opening = this.#opened.get(shelved.name) ?? this.#load(shelved);
    this.#opened.set(shelved.name, opening);
    return opening;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stop.abort(new AvatarError('session_ended', 'The server is stopping.'));
    await Promise.allSettled(this.#opened.values());
    await Promise.all([...this.#loaded].map((pack) => pack.close()));
  }

  async #load(shelved: ShelvedPack): Promise<FacePack> {
    try {
      this.#stop.signal.throwIfAborted();
      const pack = await shelved.open(this.#stop.signal);
      this.#loaded.add(pack);
      return pack;
    } catch (error) {
      const forget = (): void => { this.#opened.delete(shelved.name); };
      if (error instanceof AvatarError && error.code === 'device_too_slow') {
        setTimeout(forget, TOO_SLOW_MS).unref();
      } else {
        forget();
      }
      throw error;
    }
  }
}
