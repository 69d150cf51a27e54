import { InvalidStateError } from '../base/errors.ts';
import { sharedMemory, type SharedMemory } from './wasm.ts';

/** Every block starts on a multiple of this many bytes: a vector's width. */
const ALIGNMENT = 16;

const PAGE_BYTES = 65_536;

/** Largest memory of one arena in pages: 1 GiB. It must be what warp-kernel.wasm declares. */
const MAXIMUM_PAGES = 16_384;

/** A run of bytes in an arena. */
export interface MemoryBlock {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Hands out blocks of one shared WebAssembly memory, first fit, and takes them back.
 * Shared memory grows in place: views made before stay valid.
 */
export class MemoryArena {
  readonly memory: SharedMemory;
  /** Free runs, by offset, never touching one another. */
  readonly #free: { offset: number; bytes: number }[];

  constructor() {
    this.memory = sharedMemory(1, MAXIMUM_PAGES);
    this.#free = [{ offset: ALIGNMENT, bytes: PAGE_BYTES - ALIGNMENT }];
  }

  /** Bytes that are free without growing. */
  get freeBytes(): number {
    return this.#free.reduce((sum, run) => sum + run.bytes, 0);
  }

  /**
   * Takes a block; its bytes are as the last owner left them.
   * @throws InvalidStateError when the memory's limit of 1 GiB is reached.
   */
  take(bytes: number): MemoryBlock {
    if (!Number.isInteger(bytes) || bytes < 1) {
      throw new TypeError(`A memory block has a whole number of bytes from 1 on, not ${bytes}.`);
    }
    const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    let index = this.#free.findIndex((run) => run.bytes >= size);
    if (index < 0) {
      this.#grow(size);
      index = this.#free.length - 1;
    }
    const run = this.#free[index]!;
    const block = { offset: run.offset, bytes: size };
    run.offset += size;
    run.bytes -= size;
    if (run.bytes === 0) {
      this.#free.splice(index, 1);
    }
    return block;
  }

  /** Takes a block back and joins it with its free neighbours. */
  give(block: MemoryBlock): void {
    let index = this.#free.findIndex((run) => run.offset > block.offset);
    index = index < 0 ? this.#free.length : index;
    this.#free.splice(index, 0, { offset: block.offset, bytes: block.bytes });
    this.#join(index);
    this.#join(index - 1);
  }

  /** Joins the free run with the next one where they touch. */
  #join(index: number): void {
    const run = this.#free[index];
    const next = this.#free[index + 1];
    if (run === undefined || next === undefined) {
      return;
    }
    if (run.offset + run.bytes === next.offset) {
      run.bytes += next.bytes;
      this.#free.splice(index + 1, 1);
    }
  }

  /** Grows so that the last free run has at least `bytes`. */
  #grow(bytes: number): void {
    const end = this.memory.buffer.byteLength;
    const open = this.#free.find((run) => run.offset + run.bytes === end)?.bytes ?? 0;
    const pages = Math.ceil((bytes - open) / PAGE_BYTES);
    if (end / PAGE_BYTES + pages > MAXIMUM_PAGES) {
      throw new InvalidStateError(`A render thread's memory of ${MAXIMUM_PAGES / 16} MiB is full. Draw fewer faces at once or use more threads.`);
    }
    this.memory.grow(pages);
    this.give({ offset: end, bytes: pages * PAGE_BYTES });
  }
}
