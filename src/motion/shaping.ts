/** Limits a value to low..high. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Goes smoothly from 0 (value ≤ from) to 1 (value ≥ to), with level ends: 3t² − 2t³. */
export function smoothStep(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

/** Limits a value softly to −limit..limit: straight near 0, level at the ends (limit · tanh(value / limit)). */
export function softLimit(value: number, limit: number): number {
  return limit * Math.tanh(value / limit);
}
