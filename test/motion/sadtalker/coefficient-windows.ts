import { WINDOW_FRAMES, WINDOW_REACH } from '../../../src/base/coefficient-layout.ts';

/** A track of coefficients, one row per video frame. */
export interface CoefficientTrack {
  /** Row-major, frames × columns. */
  readonly values: Float32Array;
  readonly columns: number;
}

/** Returns the portrait's window: its row 27 times, columns × 27 with time last. */
export function portraitWindow(row: Float32Array): Float32Array {
  const window = new Float32Array(row.length * WINDOW_FRAMES);
  for (const [column, value] of row.entries()) {
    window.fill(value, column * WINDOW_FRAMES, (column + 1) * WINDOW_FRAMES);
  }
  return window;
}

/** Returns the window of one frame: rows `frame` − 13 to `frame` + 13, clamped to the track's ends, columns × 27 with time last. */
export function frameWindow({ values, columns }: CoefficientTrack, frame: number): Float32Array {
  const last = values.length / columns - 1;
  const window = new Float32Array(columns * WINDOW_FRAMES);
  for (let step = 0; step < WINDOW_FRAMES; step++) {
    const row = Math.max(0, Math.min(last, frame - WINDOW_REACH + step)) * columns;
    for (let column = 0; column < columns; column++) {
      window[column * WINDOW_FRAMES + step] = values[row + column]!;
    }
  }
  return window;
}
