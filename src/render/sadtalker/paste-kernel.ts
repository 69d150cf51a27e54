import { readFile } from 'node:fs/promises';
import { MemoryArena, type MemoryBlock } from '../memory-arena.ts';
import { wasmFunctions, type WasmFunction } from '../wasm.ts';
import type { PreparedPlace } from './prepared-place.ts';

/** Pixels of a row that the kernel converts at once. */
const STEP_PX = 16;

/**
 * The WebAssembly loops that lay faces into pictures (paste-kernel.as) with the memory they work in: one face and one place at a
 * time. Pictures lie elsewhere, those of each drawing in memory of its own.
 */
export class PasteKernel {
  /** Side of the faces in pixels. */
  readonly sizePx: number;
  readonly #exports: Readonly<Record<'convert' | 'paste', WasmFunction>>;
  readonly #arena: MemoryArena;
  readonly #rgb: MemoryBlock;
  /** The face as an I420 picture. */
  readonly #face: MemoryBlock;
  /** Two stretched rows, then the place. It grows to the largest one. */
  #room: MemoryBlock;
  #memory: Buffer;

  private constructor(sizePx: number, arena: MemoryArena, exports: Readonly<Record<'convert' | 'paste', WasmFunction>>) {
    this.sizePx = sizePx;
    this.#exports = exports;
    this.#arena = arena;
    this.#rgb = arena.take(3 * sizePx ** 2);
    this.#face = arena.take(1.5 * sizePx ** 2);
    this.#room = arena.take(1);
    this.#memory = Buffer.from(arena.memory.buffer);
  }

  /**
   * Loads the kernel, with a memory of its own, for faces of a side that is a multiple of 16.
   * @throws TypeError when it is not.
   */
  static async load(sizePx: number): Promise<PasteKernel> {
    if (!Number.isInteger(sizePx) || sizePx < STEP_PX || sizePx % STEP_PX !== 0) {
      throw new TypeError(`The side of a face to paste is a multiple of ${STEP_PX} pixels, not ${sizePx}.`);
    }
    const arena = new MemoryArena();
    const bytes = await readFile(new URL('./paste-kernel.wasm', import.meta.url));
    return new PasteKernel(sizePx, arena, await wasmFunctions(bytes, arena.memory, ['convert', 'paste']));
  }

  /** Lays a face of 3 × size × size RGB bytes into its place in an I420 picture. Nothing else of the picture is written. */
  paste(rgb: Uint8Array, { bytes, linesBytes, planes }: PreparedPlace, picture: Uint8Array): void {
    this.#reserve(linesBytes + bytes.length);
    const linesAt = this.#room.offset;
    const placeAt = linesAt + linesBytes;
    this.#memory.set(rgb, this.#rgb.offset);
    this.#memory.set(bytes, placeAt);
    this.#exports.convert(this.#rgb.offset, this.sizePx, this.#face.offset);
    for (const { faceAt, side, columnsAt, rowsAt, boxAt, boxStride, width, height, pictureAt, stride } of planes) {
      this.#exports.paste(this.#face.offset + faceAt, side, placeAt + columnsAt, boxStride, placeAt + rowsAt, height, linesAt, placeAt + boxAt);
      for (let row = 0; row < height; row += 1) {
        const from = placeAt + boxAt + row * boxStride;
        // Between shared memories set() moves single bytes unless both are aligned alike; copy() does not mind.
        this.#memory.copy(picture, pictureAt + row * stride, from, from + width);
      }
    }
  }

  #reserve(bytes: number): void {
    if (bytes > this.#room.bytes) {
      this.#arena.give(this.#room);
      this.#room = this.#arena.take(bytes);
      this.#memory = Buffer.from(this.#arena.memory.buffer);
    }
  }
}
