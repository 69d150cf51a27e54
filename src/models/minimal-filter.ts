import type { Matrix } from './small-matrix.ts';

/** Winograd's minimal filtering: y = outputs · ((taps · w) ⊙ (inputs · d)), with as many products as there are points. */
export interface MinimalFilter {
  /** products × inputs. */
  readonly inputs: Matrix;
  /** products × taps. */
  readonly taps: Matrix;
  /** outputs × products. */
  readonly outputs: Matrix;
}

/**
 * Returns the filtering that gives `outputs` values of a filter with `points.length + 2 − outputs` taps, at the given points and
 * infinity (Toom and Cook's algorithm, transposed; Blahut, "Fast Algorithms for Signal Processing", 5.4).
 */
export function minimalFilter(points: readonly number[], outputs: number): MinimalFilter {
  const products = points.length + 1;
  const taps = products + 1 - outputs;
  const powers = (point: number, count: number): number[] => Array.from({ length: count }, (_, k) => point ** k);
  const atInfinity = (count: number): number[] => Array.from({ length: count }, (_, k) => (k === count - 1 ? 1 : 0));
  return {
    inputs: [...points.map((_, i) => [...polynomial(points.filter((_point, j) => j !== i)), 0]), polynomial(points)],
    taps: [
      ...points.map((point, i) => {
        const scale = points.reduce((product, other, j) => (j === i ? product : product * (point - other)), 1);
        return powers(point, taps).map((value) => value / scale);
      }),
      atInfinity(taps),
    ],
    outputs: Array.from({ length: outputs }, (_, row) => [...points.map((point) => point ** row), row === outputs - 1 ? 1 : 0]),
  };
}

/** Returns the filtering of two filters side by side that give one sum: the first has the first taps, the second those after. */
export function joinedFilter(first: MinimalFilter, second: MinimalFilter): MinimalFilter {
  const [firstTaps, secondTaps] = [first.taps[0]!.length, second.taps[0]!.length];
  const window = firstTaps + secondTaps + first.outputs.length - 1;
  const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
  const padded = (row: readonly number[], before: number, length: number): number[] => [...zeros(before), ...row, ...zeros(length - before - row.length)];
  return {
    inputs: [...first.inputs.map((row) => padded(row, 0, window)), ...second.inputs.map((row) => padded(row, firstTaps, window))],
    taps: [...first.taps.map((row) => padded(row, 0, firstTaps + secondTaps)), ...second.taps.map((row) => padded(row, firstTaps, firstTaps + secondTaps))],
    outputs: first.outputs.map((row, i) => [...row, ...second.outputs[i]!]),
  };
}

/** Returns the coefficients of Π (x − root), the constant first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce<number[]>((coefficients, root) => [0, ...coefficients].map((value, k) => value - root * (coefficients[k] ?? 0)), [1]);
}
