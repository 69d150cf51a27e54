import type { NodeOffsets, PixelBox } from './pixel-patch.ts';
import type { Span } from './warp-kernel.ts';
import type { WarpGrid } from './warp-grid.ts';

/** Offsets under this many pixels draw the same picture. */
const STILL_PX = 0.02;

/** The cells of each row that differ from the portrait: from `first` to before `end`; none where `end` ≤ `first`. */
export class DirtyCells {
  readonly first: Int32Array;
  readonly end: Int32Array;
  readonly #grid: WarpGrid;

  constructor(grid: WarpGrid) {
    this.#grid = grid;
    this.first = new Int32Array(grid.rows - 1);
    this.end = new Int32Array(grid.rows - 1);
    this.clear();
  }

  /** Forgets all cells. */
  clear(): void {
    this.first.fill(this.#grid.columns);
    this.end.fill(0);
  }

  /** Copies another's cells. */
  copy(other: DirtyCells): void {
    this.first.set(other.first);
    this.end.set(other.end);
  }

  /** Adds another's cells. */
  add(other: DirtyCells): void {
    for (let row = 0; row < this.first.length; row += 1) {
      this.first[row] = Math.min(this.first[row]!, other.first[row]!);
      this.end[row] = Math.max(this.end[row]!, other.end[row]!);
    }
  }

  /** Adds the cells around every node of the spans whose colour comes from elsewhere, where the person now is or is in the portrait. */
  addMoved(offsets: NodeOffsets, nodes: readonly Span[], person: Uint8Array): void {
    const { columns, rows, cellPx } = this.#grid;
    const { values } = offsets;
    for (const { row, first, end } of nodes) {
      let left = columns;
      let right = -1;
      for (let column = first; column < end; column += 1) {
        const at = (row * columns + column) * 2;
        const x = values[at]!;
        const y = values[at + 1]!;
        if (Math.abs(x) + Math.abs(y) < STILL_PX) {
          continue;
        }
        const fromColumn = Math.min(columns - 1, Math.max(0, Math.round(column + x / cellPx)));
        const fromRow = Math.min(rows - 1, Math.max(0, Math.round(row + y / cellPx)));
        if (person[fromRow * columns + fromColumn] === 1 || person[row * columns + column] === 1) {
          left = Math.min(left, column);
          right = column;
        }
      }
      if (right >= 0) {
        this.#addRow(row - 1, left - 1, right + 1);
        this.#addRow(row, left - 1, right + 1);
      }
    }
  }

  /** Adds the cells of a rectangle of pixels. */
  addBox(box: PixelBox): void {
    const { cellPx } = this.#grid;
    for (let row = Math.floor(box.top / cellPx); row * cellPx < box.bottom; row += 1) {
      this.#addRow(row, Math.floor(box.left / cellPx), Math.ceil(box.right / cellPx));
    }
  }

  /** Writes the spans as the kernel takes them; returns how many. */
  write(spans: Int32Array): number {
    let count = 0;
    for (let row = 0; row < this.first.length; row += 1) {
      if (this.end[row]! > this.first[row]!) {
        spans[count * 3] = row;
        spans[count * 3 + 1] = this.first[row]!;
        spans[count * 3 + 2] = this.end[row]!;
        count += 1;
      }
    }
    return count;
  }

  #addRow(row: number, first: number, end: number): void {
    if (row >= 0 && row < this.first.length) {
      this.first[row] = Math.min(this.first[row]!, Math.max(0, first));
      this.end[row] = Math.max(this.end[row]!, Math.min(this.#grid.columns - 1, end));
    }
  }
}
