import { EXPRESSION_COLUMNS, WINDOW_FRAMES, WINDOW_REACH } from '../../base/coefficient-layout.ts';
import type { IdleExpression } from './exp-net-model.ts';

/** Rows kept: the 50 frames a frame waits at most and its window's reach, as a power of two. */
const RING_ROWS = 64;

/** Frames in which a mouth closes after an interrupt: 120 ms. */
const CLOSING_FRAMES = 3;

/** The expression rows of a running clip, those that windows still need; fixed memory, however long it runs. */
export class ExpressionTrack {
  readonly #scale: number;
  readonly #rows = new Float32Array(RING_ROWS * EXPRESSION_COLUMNS);
  readonly #ratios = new Float32Array(RING_ROWS);
  readonly #mediaUs = new Float64Array(RING_ROWS);
  readonly #closingFrom = new Float32Array(EXPRESSION_COLUMNS);
  readonly #idle = new Float32Array(EXPRESSION_COLUMNS);
  #closingRow = -Infinity;
  #count = 0;

  /** Each row is scaled as it is taken. */
  constructor(scale: number) {
    this.#scale = scale;
  }

  /** Rows taken so far. */
  get rows(): number {
    return this.#count;
  }

  /** Returns the media time of a row that is kept. */
  mediaUs(row: number): number {
    return this.#mediaUs[row % RING_ROWS]!;
  }

  /** Takes the next row and its blink ratio. */
  push(expression: Float32Array, ratio: number, mediaUs: number): void {
    const slot = this.#count % RING_ROWS;
    this.#ratios[slot] = ratio;
    this.#mediaUs[slot] = mediaUs;
    this.#write(this.#count, expression);
    this.#count += 1;
  }

  /** Lets the mouth close from the row before `first`, within three rows, and then be idle in those that are there; eyes go on. */
  closeFrom(first: number, { open, blink }: IdleExpression): void {
    const from = Math.max(0, first - 1) % RING_ROWS;
    this.#closingRow = first === 0 ? -Infinity : first;
    this.#closingFrom.set(this.#rows.subarray(from * EXPRESSION_COLUMNS, (from + 1) * EXPRESSION_COLUMNS));
    for (let row = first; row < this.#count; row++) {
      const ratio = this.#ratios[row % RING_ROWS]!;
      for (let i = 0; i < EXPRESSION_COLUMNS; i++) {
        this.#idle[i] = open[i]! + ratio * blink[i]!;
      }
      this.#write(row, this.#idle);
    }
  }

  /** Writes the window around a row, columns × 27 with time last, into the expression's columns; rows that are not there yet are the newest. */
  writeWindow(window: Float32Array, row: number): void {
    for (let step = 0; step < WINDOW_FRAMES; step++) {
      const from = (Math.max(0, Math.min(this.#count - 1, row - WINDOW_REACH + step)) % RING_ROWS) * EXPRESSION_COLUMNS;
      for (let column = 0; column < EXPRESSION_COLUMNS; column++) {
        window[column * WINDOW_FRAMES + step] = this.#rows[from + column]!;
      }
    }
  }

  #write(row: number, expression: Float32Array): void {
    const start = (row % RING_ROWS) * EXPRESSION_COLUMNS;
    const share = Math.min(1, (row - this.#closingRow + 1) / CLOSING_FRAMES);
    for (let i = 0; i < EXPRESSION_COLUMNS; i++) {
      const value = Math.fround(expression[i]! * this.#scale);
      this.#rows[start + i] = share === 1 ? value : this.#closingFrom[i]! * (1 - share) + value * share;
    }
  }
}
