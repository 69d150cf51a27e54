import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { AvatarError } from '../base/errors.ts';

/** A file that is read by ranges, so that a checkpoint of hundreds of megabytes is never in memory as a whole. */
export class RangedFile implements Disposable {
  readonly path: string;
  readonly byteLength: number;
  readonly #descriptor: number;
  #closed = false;

  /**
   * Opens the file.
   * @throws AvatarError `invalid_checkpoint` when it cannot be opened.
   */
  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (cause) {
      throw new AvatarError('invalid_checkpoint', `${path} cannot be opened.`, { cause });
    }
    const stat = fstatSync(this.#descriptor);
    if (!stat.isFile()) {
      this[Symbol.dispose]();
      throw new AvatarError('invalid_checkpoint', `${path} is no file.`);
    }
    this.byteLength = stat.size;
  }

  /**
   * Returns `length` bytes from `offset` on.
   * @throws AvatarError `invalid_checkpoint` when the file ends before.
   */
  read(offset: number, length: number): Buffer {
    if (offset + length > this.byteLength) {
      throw new AvatarError('invalid_checkpoint', `${this.path} is truncated: it has ${this.byteLength} bytes and should have at least ${offset + length}. Fetch it again.`);
    }
    // A memory of its own, aligned for every element type.
    const buffer = Buffer.from(new ArrayBuffer(length));
    let done = 0;
    while (done < length) {
      const count = readSync(this.#descriptor, buffer, done, length - done, offset + done);
      if (count === 0) {
        throw new AvatarError('invalid_checkpoint', `${this.path} ended while it was read. Fetch it again.`);
      }
      done += count;
    }
    return buffer;
  }

  [Symbol.dispose](): void {
    if (!this.#closed) {
      this.#closed = true;
      closeSync(this.#descriptor);
    }
  }
}
