import { type LazyTensor, known } from './lazy-tensor.ts';

/** A small matrix as rows. */
export type Matrix = readonly (readonly number[])[];

/** Returns a · b. */
export function multiplyMatrices(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => b[0]!.map((_, column) => row.reduce((sum, value, k) => sum + value * b[k]![column]!, 0)));
}

/** Returns the Kronecker product of a matrix with itself: what it does along two axes at once. */
export function kroneckerSquare(matrix: Matrix): Matrix {
  return matrix.flatMap((upper) => matrix.map((lower) => upper.flatMap((a) => lower.map((b) => a * b))));
}

/** Returns the indices of the rows that are not all zero. */
export function nonZeroRows(matrix: Matrix): number[] {
  return [...matrix.keys()].filter((row) => matrix[row]!.some((value) => value !== 0));
}

/** Returns the matrix as a tensor. */
export function constantMatrix(matrix: Matrix): LazyTensor {
  return known([matrix.length, matrix[0]!.length], matrix.flat());
}
