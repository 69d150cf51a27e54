/** How far one result is from its golden. */
export interface ParityRow {
  readonly name: string;
  readonly largest: number;
  readonly mean: number;
  /** Largest difference allowed. */
  readonly tolerance: number;
  /** Mean difference allowed, where there is a bound. */
  readonly meanTolerance?: number;
  readonly ok: boolean;
}

/** Bounds on a difference. */
export interface Tolerance {
  readonly largest: number;
  readonly mean?: number;
}

/** Tolerances of the goldens, by what is compared. */
export const TOLERANCES = Object.freeze({
  exact: { largest: 0 },
  keypoints: { largest: 5e-6 },
  mapping: { largest: 1e-5 },
  mask: { largest: 5e-5 },
  feature: { largest: 1e-4 },
  miniFrames: { largest: 2e-4, mean: 1e-5 },
  fullFrames: { largest: 4e-4, mean: 2e-5 },
  face3d: { largest: 1e-5 },
  expression: { largest: 3e-5 },
  embedding: { largest: 1e-4 },
  pose: { largest: 2e-5 },
  mel: { largest: 1e-5 },
  view: { largest: 1e-9 },
  align: { largest: 1e-6 },
});

/** Compares a result with its golden, value by value. A result of another length, or with something that is no number, is out of any tolerance. */
export function compare(name: string, { actual, expected, tolerance }: { actual: ArrayLike<number>; expected: ArrayLike<number>; tolerance: Tolerance }): ParityRow {
  let [largest, sum] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    largest = difference <= largest ? largest : difference;
    sum += difference;
  }
  if (actual.length !== expected.length) {
    largest = Infinity;
  }
  const mean = sum / expected.length;
  const ok = largest <= tolerance.largest && mean <= (tolerance.mean ?? Infinity);
  return { name, largest, mean, tolerance: tolerance.largest, ok, ...(tolerance.mean === undefined ? {} : { meanTolerance: tolerance.mean }) };
}
