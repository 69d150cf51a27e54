import { readFile } from 'node:fs/promises';
import { MemoryArena, type MemoryBlock } from './memory-arena.ts';
import { PAD_PX } from './picture-layers.ts';
import { wasmFunctions, type WasmFunction } from './wasm.ts';

/** A run of cells or nodes in one row of a grid. */
export interface Span {
  readonly row: number;
  readonly first: number;
  readonly end: number;
}

/** Spans in the kernel's memory. */
export interface SpanList {
  readonly offset: number;
  readonly count: number;
}

/** What `WarpKernel.composite` draws. Numbers named `…At` are byte offsets in the kernel's memory. */
export interface CompositeJob {
  readonly foregroundAt: number;
  readonly backgroundAt: number;
  readonly width: number;
  readonly height: number;
  readonly offsetsAt: number;
  readonly cellPx: number;
  readonly cells: SpanList;
  /** An I420 picture. */
  readonly pictureAt: number;
}

/** What `WarpKernel.invert` works on. */
export interface InvertJob {
  readonly displacementAt: number;
  readonly offsetsAt: number;
  readonly nodes: SpanList;
  readonly columns: number;
  readonly rows: number;
  readonly cellPx: number;
}

type KernelFunctions = Readonly<Record<'composite' | 'invert', WasmFunction>>;

/** Bilinear weights per fraction of 1/256: four words for the left pixel, four for the right one. */
const WEIGHTS_BYTES = 256 * 16;

/** The WebAssembly loops (warp-kernel.as) with the memory they work in. */
export class WarpKernel {
  readonly arena: MemoryArena;
  readonly #exports: KernelFunctions;
  readonly #weights: MemoryBlock;

  private constructor(arena: MemoryArena, exports: KernelFunctions) {
    this.arena = arena;
    this.#exports = exports;
    this.#weights = arena.take(WEIGHTS_BYTES);
    const weights = new Uint16Array(arena.memory.buffer, this.#weights.offset, WEIGHTS_BYTES / 2);
    for (let word = 0; word < weights.length; word += 1) {
      const fraction = word >> 3;
      weights[word] = (word & 4) === 0 ? 256 - fraction : fraction;
    }
  }

  /** Loads the kernel with a memory of its own. */
  static async load(): Promise<WarpKernel> {
    const arena = new MemoryArena();
    const bytes = await readFile(new URL('./warp-kernel.wasm', import.meta.url));
    return new WarpKernel(arena, await wasmFunctions(bytes, arena.memory, ['composite', 'invert']));
  }

  /** Puts spans into a block of the kernel's memory. */
  placeSpans(spans: readonly Span[]): { readonly list: SpanList; readonly block: MemoryBlock } {
    const block = this.arena.take(Math.max(1, spans.length) * 12);
    const view = new Int32Array(this.arena.memory.buffer, block.offset, spans.length * 3);
    spans.forEach((span, index) => { view.set([span.row, span.first, span.end], index * 3); });
    return { list: { offset: block.offset, count: spans.length }, block };
  }

  /** Draws the foreground, warped by the offsets of the nodes, over the background into the cells of a picture. */
  composite(job: CompositeJob): void {
    this.#exports.composite(
      job.foregroundAt, PAD_PX, job.backgroundAt, job.width, job.height,
      job.offsetsAt, job.cellPx, job.cells.offset, job.cells.count, this.#weights.offset, job.pictureAt,
    );
  }

  /** One pass of `invertPass` over the nodes of some spans; returns the largest change in pixels. */
  invert(job: InvertJob): number {
    return this.#exports.invert(
      job.displacementAt, job.offsetsAt, job.nodes.offset, job.nodes.count, job.columns, job.rows, job.cellPx,
    ) ?? 0;
  }
}
