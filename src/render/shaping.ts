/** Returns 0 below `from`, 1 above `to`, and 3t² − 2t³ between. */
export function smoothstep(from: number, to: number, x: number): number {
  const t = (x - from) / (to - from);
  return t <= 0 ? 0 : t >= 1 ? 1 : t * t * (3 - 2 * t);
}

/** Returns exp(−(x / scale)²). */
export function bell(x: number, scale: number): number {
  const ratio = x / scale;
  return Math.exp(-ratio * ratio);
}

/** Returns x held between the two limits. */
export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}
