import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AvatarError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Closeable } from '../base/scope.ts';
import type { Stats } from '../base/stats.ts';
import type { Avatar } from './avatar.ts';
import { readAvatar, readPortraitFile, readSummary, writeAvatar } from './avatar-files.ts';
import type { AvatarSummary } from './avatar-files.ts';
import { AvatarPreparer, avatarId } from './avatar-preparer.ts';
import { WorkGate } from './work-gate.ts';

/** How avatars are kept. */
export interface AvatarStoreOptions {
  /** Folder of the uploaded avatars; made with the first one. */
  readonly folder: string;
  /** Folder with the networks (`face/`) and the avatars that come with the project (`portraits/`). */
  readonly modelsFolder: string;
  /** Most uploaded avatars that are kept. */
  readonly max: number;
  readonly logger: Logger;
  readonly stats: Stats;
}

/** Avatars kept in memory, those used last; one takes 2 to 6 MB. */
const MOST_LOADED = 8;

/** Portraits prepared at once, and those that may wait. */
const PREPARATIONS = Object.freeze({ atOnce: 2, mostWaiting: 16 });

/** Name of a stored avatar's folder. */
const STORED = /^[0-9a-f]{16}$/;

/** Beginning of the name of a folder that is being written or deleted, and the age from which on it is a left-over. */
const UNFINISHED = '.unfinished-';
const LEFT_OVER_MS = 3_600_000;

interface Entry {
  readonly summary: AvatarSummary;
  readonly folder: string;
}

/**
 * Keeps avatars on disk, a folder each, named by content hash. A folder is written beside its place and moved there whole,
 * so a failed upload or a crash changes nothing that is stored; damaged folders are passed over and logged.
 */
export class AvatarStore implements Closeable {
  readonly #options: AvatarStoreOptions;
  readonly #entries: Map<string, Entry>;
  readonly #preparer: AvatarPreparer;
  readonly #gate = new WorkGate(PREPARATIONS);
  /** Uploads under way by id: the same file sent twice is prepared once. */
  readonly #adding = new Map<string, Promise<AvatarSummary>>();
  /** Loaded avatars, those used last at the end. */
  readonly #loaded = new Map<string, Promise<Avatar>>();

  private constructor(options: AvatarStoreOptions, entries: Map<string, Entry>) {
    this.#options = options;
    this.#entries = entries;
    this.#preparer = new AvatarPreparer({ modelsFolder: options.modelsFolder, stats: options.stats });
  }

  /** Reads what is stored. */
  static async open(options: AvatarStoreOptions): Promise<AvatarStore> {
    if (!Number.isInteger(options.max) || options.max < 0) {
      throw new TypeError(`The most avatars to keep is a whole number from 0 on, not ${options.max}.`);
    }
    await removeLeftOvers(options.folder);
    const builtIn = await findEntries(join(options.modelsFolder, 'portraits'), { builtIn: true, logger: options.logger });
    const uploaded = await findEntries(options.folder, { builtIn: false, logger: options.logger });
    return new AvatarStore(options, new Map([...builtIn, ...uploaded].map((entry) => [entry.summary.id, entry])));
  }

  /** Tells about all avatars, those that come with the project first. */
  list(): AvatarSummary[] {
    return [...this.#entries.values()].map((entry) => entry.summary);
  }

  /**
   * Tells about one avatar.
   * @throws AvatarError `unknown_avatar`.
   */
  describe(id: string): AvatarSummary {
    return this.#entry(id).summary;
  }

  /**
   * Returns an avatar ready to draw; its arrays are shared and must not be changed.
   * @throws AvatarError `unknown_avatar`, also when its files turn out to be damaged; the system's error when they cannot be read now.
   */
  async get(id: string): Promise<Avatar> {
    const entry = this.#entry(id);
    const avatar = this.#loaded.get(id) ?? readAvatar(entry.folder, entry.summary.builtIn);
    this.#remember(id, avatar);
    return avatar.catch((cause: unknown) => { throw this.#unreadable(id, cause); });
  }

  /**
   * Returns the picture of an avatar, to show in a list.
   * @throws AvatarError `unknown_avatar`.
   */
  async readImage(id: string): Promise<{ contentType: string; body: Buffer }> {
    const { folder } = this.#entry(id);
    const body = await readPortraitFile(folder).catch((cause: unknown) => { throw this.#unreadable(id, cause); });
    return { contentType: 'image/jpeg', body };
  }

  /**
   * Prepares an uploaded picture and keeps it. A file that is stored already is not prepared again and keeps its name.
   * @throws AvatarError `avatar_store_full`, `rate_limited` or any code of `AvatarPreparer.prepare`.
   */
  async add(bytes: Uint8Array, { name }: { name: string }): Promise<AvatarSummary> {
    const id = avatarId(bytes);
    const stored = this.#entries.get(id);
    if (stored !== undefined) {
      return stored.summary;
    }
    let adding = this.#adding.get(id);
    if (adding === undefined) {
      this.#requireRoom();
      adding = this.#gate.run(() => this.#prepare(bytes, name)).finally(() => { this.#adding.delete(id); });
      this.#adding.set(id, adding);
    }
    return adding;
  }

  /**
   * Deletes an uploaded avatar. Sessions that draw it go on.
   * @throws AvatarError `unknown_avatar`, or `avatar_protected` for one that comes with the project.
   */
  async remove(id: string): Promise<void> {
    const { summary, folder } = this.#entry(id);
    if (summary.builtIn) {
      throw new AvatarError('avatar_protected', `The avatar ${id} comes with the project and cannot be deleted.`);
    }
    this.#forget(id);
    await this.#discard(folder);
    this.#options.logger.info({ id }, 'avatar removed');
  }

  /** Ends preparations under way. */
  close(): Promise<void> {
    return this.#preparer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new AvatarError('unknown_avatar', `There is no avatar ${id}. GET /v1/avatars lists them.`);
    }
    return entry;
  }

  #requireRoom(): void {
    const uploaded = this.list().filter((summary) => !summary.builtIn).length + this.#adding.size;
    if (uploaded >= this.#options.max) {
      throw new AvatarError('avatar_store_full', `The store holds ${uploaded} of at most ${this.#options.max} uploaded avatars. Delete one first.`);
    }
  }

  async #prepare(bytes: Uint8Array, name: string): Promise<AvatarSummary> {
    const avatar = await this.#preparer.prepare(bytes, { name });
    const { folder: root, logger } = this.#options;
    const folder = join(root, avatar.id);
    const unfinished = join(root, UNFINISHED + randomUUID());
    try {
      await writeAvatar(unfinished, avatar);
      // Only a damaged avatar can be in the way: a whole one would have been found at the start.
      await this.#discard(folder);
      await rename(unfinished, folder);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      throw error;
    }
    const { id, builtIn, warnings, width, height } = avatar;
    const summary: AvatarSummary = { id, name, builtIn, warnings, width, height };
    this.#entries.set(id, { summary, folder });
    this.#remember(id, Promise.resolve(avatar));
    logger.info({ id, width, height }, 'avatar added');
    return summary;
  }

  /** Takes a folder away in one step, then deletes it; one that is not there is fine. */
  async #discard(folder: string): Promise<void> {
    const unfinished = join(this.#options.folder, UNFINISHED + randomUUID());
    try {
      await rename(folder, unfinished);
    } catch (error) {
      if (isMissing(error)) {
        return;
      }
      throw error;
    }
    await rm(unfinished, { recursive: true });
  }

  #remember(id: string, avatar: Promise<Avatar>): void {
    this.#loaded.delete(id);
    this.#loaded.set(id, avatar);
    const [oldest] = this.#loaded.keys();
    if (this.#loaded.size > MOST_LOADED && oldest !== undefined) {
      this.#loaded.delete(oldest);
    }
  }

  #forget(id: string): void {
    this.#entries.delete(id);
    this.#loaded.delete(id);
  }

  /** Takes a damaged avatar off the list; one that the system cannot read at the moment stays. Returns what to throw. */
  #unreadable(id: string, cause: unknown): unknown {
    this.#loaded.delete(id);
    if (cause instanceof Error && 'syscall' in cause && !isMissing(cause)) {
      return cause;
    }
    this.#forget(id);
    this.#options.logger.warn({ id, err: cause }, 'stored avatar is damaged and was taken off the list');
    return new AvatarError('unknown_avatar', `The files of the avatar ${id} are damaged. Upload its picture again.`, { cause });
  }
}

async function findEntries(root: string, { builtIn, logger }: { builtIn: boolean; logger: Logger }): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const name of await listFolders(root)) {
    const folder = join(root, name);
    if (builtIn || STORED.test(name)) {
      try {
        const summary = await readSummary(folder, builtIn);
        entries.push({ summary: { ...summary, id: name }, folder });
      } catch (error) {
        logger.warn({ folder, err: error }, 'stored avatar is damaged and was passed over');
      }
    }
  }
  return entries;
}

async function removeLeftOvers(root: string): Promise<void> {
  for (const name of await listFolders(root)) {
    const folder = join(root, name);
    if (name.startsWith(UNFINISHED) && Date.now() - (await stat(folder)).mtimeMs > LEFT_OVER_MS) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Names of the folders in a folder, in order; none when it does not exist. */
async function listFolders(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
