import { POSE_COLUMNS } from '../../base/coefficient-layout.ts';
import { quadraticWeights, SMOOTHING_REACH } from './pose-smoothing.ts';

/** Rows kept: the 50 frames a frame waits at most, a chunk beyond, and the reach of windows and filter before, as a power of two. */
const RING_ROWS = 128;

/** Weights for the rows −6 to 6 from the middle of a full filter window. */
const WEIGHTS = Array.from({ length: 2 * SMOOTHING_REACH + 1 }, (_, i) => quadraticWeights(SMOOTHING_REACH, i - SMOOTHING_REACH));

/** How a track of poses begins, and what is added to it. */
export interface PoseTrackOptions {
  /** The portrait's own pose, 6 values. */
  readonly reference: Float32Array;
  /**
   * What the filter sees before row 0: `held` is the portrait's pose, ever since; `fitted` is nothing, and the first rows are
   * those of the quadratic fitted to the first 13, as in the reference.
   */
  readonly start: 'held' | 'fitted';
  /** Poses of another head, rows × 6, repeated without end: what they differ from their first is added after smoothing. */
  readonly added?: Float32Array;
}

/** The head's poses of a running clip, smoothed as soon as the filter has what it needs; fixed memory, however long it runs. */
export class PoseTrack {
  /** Smoothed rows; `offset` says where one lies. */
  readonly poses = new Float32Array(RING_ROWS * POSE_COLUMNS);
  readonly #raw = new Float32Array(RING_ROWS * POSE_COLUMNS);
  readonly #reference: Float32Array;
  readonly #start: 'held' | 'fitted';
  readonly #added: Float32Array;
  #rawRows = 0;
  #rows = 0;

  constructor({ reference, start, added = new Float32Array(POSE_COLUMNS) }: PoseTrackOptions) {
    this.#reference = reference;
    this.#start = start;
    this.#added = added;
    for (let row = 0; row < RING_ROWS; row++) {
      this.#raw.set(reference, row * POSE_COLUMNS);
    }
  }

  /** Rows that are smoothed. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows that are there, smoothed or not. */
  get rawRows(): number {
    return this.#rawRows;
  }

  /** Returns where a row begins in `poses`. */
  offset(row: number): number {
    return (row & (RING_ROWS - 1)) * POSE_COLUMNS;
  }

  /** Writes a row: the portrait's pose and the motion that begins at `from`, `share` of it, the rest what the row was before. */
  write(row: number, motion: Float32Array, { from, share }: { from: number; share: number }): void {
    const to = this.offset(row);
    for (let column = 0; column < POSE_COLUMNS; column++) {
      const pose = this.#reference[column]! + motion[from + column]!;
      this.#raw[to + column] = share === 1 ? pose : this.#raw[to + column]! * (1 - share) + pose * share;
    }
  }

  /** Says that so many rows are written and stay as they are, and smooths what can be. */
  settle(rows: number): void {
    this.#rawRows = rows;
    if (rows <= 2 * SMOOTHING_REACH) {
      return;
    }
    for (; this.#rows + SMOOTHING_REACH < rows; this.#rows++) {
      const centre = this.#start === 'held' ? this.#rows : Math.max(SMOOTHING_REACH, this.#rows);
      this.#smooth(this.#rows, centre, WEIGHTS[this.#rows - centre + SMOOTHING_REACH]!);
    }
  }

  /** Smooths the last rows as the reference does: by the quadratic fitted to the last 13, or to all where there are fewer. */
  finish(): void {
    const reach = Math.min(SMOOTHING_REACH, Math.trunc((this.#rawRows - 1) / 2));
    for (; this.#rows < this.#rawRows; this.#rows++) {
      // Two rows or one have no quadratic: they stay.
      const centre = reach === 0 ? this.#rows : Math.max(reach, Math.min(this.#rawRows - 1 - reach, this.#rows));
      this.#smooth(this.#rows, centre, quadraticWeights(reach, this.#rows - centre));
    }
  }

  #smooth(row: number, centre: number, weights: Float64Array): void {
    const to = this.offset(row);
    const added = (row * POSE_COLUMNS) % this.#added.length;
    const first = centre - (weights.length - 1) / 2;
    for (let column = 0; column < POSE_COLUMNS; column++) {
      let sum = 0;
      for (let step = 0; step < weights.length; step++) {
        sum += weights[step]! * this.#raw[this.offset(first + step) + column]!;
      }
      this.poses[to + column] = Math.fround(sum) + (this.#added[added + column]! - this.#added[column]!);
    }
  }
}
