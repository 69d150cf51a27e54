import { quadraticWeights, SMOOTHING_REACH } from '../../../src/motion/sadtalker/pose-smoothing.ts';

/** Longest window of the smoothing filter, in frames. */
const LONGEST_WINDOW = 2 * SMOOTHING_REACH + 1;

/**
 * Returns a track smoothed by a Savitzky–Golay filter of second order and 13 frames, whose ends are the values of the quadratics
 * fitted to the first and the last window (scipy's `savgol_filter` with mode `interp`). Shorter tracks take a shorter window, and
 * tracks of fewer than three frames come back as they are: no quadratic can be fitted.
 * @param track Row-major, frames × columns.
 */
export function smoothPose(track: Float32Array, columns: number): Float32Array {
  const frames = track.length / columns;
  const window = frames < LONGEST_WINDOW ? 2 * Math.trunc((frames - 1) / 2) + 1 : LONGEST_WINDOW;
  if (window < 3) {
    return track.slice();
  }
  const reach = (window - 1) / 2;
  const smoothed = new Float32Array(track.length);
  for (let frame = 0; frame < frames; frame++) {
    const centre = Math.max(reach, Math.min(frames - 1 - reach, frame));
    const weights = quadraticWeights(reach, frame - centre);
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let step = 0; step < window; step++) {
        sum += weights[step]! * track[(centre - reach + step) * columns + column]!;
      }
      smoothed[frame * columns + column] = sum;
    }
  }
  return smoothed;
}
