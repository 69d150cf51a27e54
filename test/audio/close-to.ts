import assert from 'node:assert/strict';

/** Fails with the first index at which two signals differ by more than the tolerance. */
export function assertCloseTo(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length, `expected ${expected.length} values, got ${actual.length}`);
  for (let n = 0; n < expected.length; n++) {
    const difference = Math.abs(actual[n]! - expected[n]!);
    assert.ok(difference <= tolerance, `index ${n}: expected ${expected[n]!} ± ${tolerance}, got ${actual[n]!}`);
  }
}

/** Returns the largest step between neighbouring samples. */
export function largestStep(signal: ArrayLike<number>): number {
  let largest = 0;
  for (let n = 1; n < signal.length; n++) {
    largest = Math.max(largest, Math.abs(signal[n]! - signal[n - 1]!));
  }
  return largest;
}
