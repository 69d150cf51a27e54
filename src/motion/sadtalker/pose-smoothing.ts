/** Frames the smoothing filter reaches to each side: Savitzky–Golay's of second order and 13 frames, as scipy's `savgol_filter`. */
export const SMOOTHING_REACH = 6;

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
