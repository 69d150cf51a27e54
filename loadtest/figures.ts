/** One measured figure, as `npm run bench -- --json` prints it. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly p95: number;
}

/** Returns the value below which a share (0..1) of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) {
    throw new TypeError('There are no samples to take a percentile of.');
  }
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Sums samples up as a figure with three significant decimals. */
export function figureOf(name: string, unit: string, samples: readonly number[]): Figure {
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  return { name, unit, median: rounded(percentile(samples, 0.5)), p95: rounded(percentile(samples, 0.95)) };
}
