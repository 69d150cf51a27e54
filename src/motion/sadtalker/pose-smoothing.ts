/** Frames the smoothing filter reaches to each side. */
export const SMOOTHING_REACH = 6;

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

/**
 * Returns the weights that give, at offset `at` from a window's centre, the value of the quadratic fitted to the window's
 * `2 · reach + 1` samples: least squares over the orthogonal polynomials 1, t and t² − mean(t²). One sample stays as it is.
 */
export function quadraticWeights(reach: number, at: number): Float64Array {
  const count = 2 * reach + 1;
  const offsets = Float64Array.from({ length: count }, (_, i) => i - reach);
  const squares = offsets.reduce((sum, t) => sum + t * t, 0);
  const mean = squares / count;
  const curvature = offsets.reduce((sum, t) => sum + (t * t - mean) ** 2, 0);
  return offsets.map((t) => 1 / count + (squares === 0 ? 0 : (t * at) / squares) + (curvature === 0 ? 0 : ((t * t - mean) * (at * at - mean)) / curvature));
}
