import type { Avatar } from '../avatars/avatar.ts';
import { curveThrough, heightAt, type Curve } from './curve.ts';
import { xOf, yOf, type FaceFrame } from './face-frame.ts';
import { photoLuma } from './photo-luma.ts';

/** Distance of the columns and of the rows that are looked at, in millimetres. */
const COLUMN_MM = 0.5;
const ROW_MM = 0.25;

/** How far above and below the mesh's line the dark one is searched for. */
const REACH_MM = 4;
const ROWS = (2 * REACH_MM) / ROW_MM + 1;

/** How far beyond the mesh's corners the line may go on. */
const BEYOND_MM = 4.5;

/** Luma that a row is worth more for each square millimetre from the mesh's line, between its corners and beyond them. */
const PULL = 1.5;
const PULL_BEYOND = 0.3;

/** Luma that a step of one row from column to column is worth. */
const STEP_COST = 5;

/** Skin beside the line is compared this far from it; where the line is less than `FADED` as dark against it as near the mesh's corner, it has ended. */
const BESIDE_MM = 2.5;
const FADED = 0.4;

/** The corner is looked for from here on, inside the mesh's. */
const INSIDE_MM = 1;

/** A line with its ends. */
export interface DarkLine {
  readonly curve: Curve;
  readonly leftMm: number;
  readonly rightMm: number;
}

/** Follows the dark line of a mouth near a curve, and on past the curve's ends as long as it can be seen: the mesh's corners lie inside the photo's. */
export function darkLine(avatar: Avatar, frame: FaceFrame, near: Curve): DarkLine {
  const left = near.startMm;
  const right = left + (near.values.length - 1) / near.samplesPerMm;
  const columns = Math.round((right - left + 2 * BEYOND_MM) / COLUMN_MM) + 1;
  const uAt = (column: number): number => left - BEYOND_MM + column * COLUMN_MM;
  const luma = (u: number, v: number): number => photoLuma(avatar, xOf(frame, u, v), yOf(frame, u, v));
  const rows = cheapestRows(columns, (column, row) => {
    const u = uAt(column);
    const away = (row - (ROWS - 1) / 2) * ROW_MM;
    return luma(u, heightAt(near, u) + away) + (u < left || u > right ? PULL_BEYOND : PULL) * away * away;
  });
  const path = rows.map((row, column) => ({ u: uAt(column), v: heightAt(near, uAt(column)) + (row - (ROWS - 1) / 2) * ROW_MM }));
  const contrast = path.map(({ u, v }) => (luma(u, v - BESIDE_MM) + luma(u, v + BESIDE_MM)) / 2 - luma(u, v));
  const first = endOf(contrast, Math.round((BEYOND_MM + INSIDE_MM) / COLUMN_MM), -1);
  const last = endOf(contrast, columns - 1 - Math.round((BEYOND_MM + INSIDE_MM) / COLUMN_MM), 1);
  return { curve: curveThrough(path.slice(first, last + 1)), leftMm: uAt(first), rightMm: uAt(last) };
}

/** Returns the row of each column on the cheapest way from the first column to the last, by dynamic programming. */
function cheapestRows(columns: number, cost: (column: number, row: number) => number): number[] {
  const steps = Array.from({ length: columns }, () => new Int8Array(ROWS));
  let spent = Float64Array.from({ length: ROWS }, (_, row) => cost(0, row));
  for (let column = 1; column < columns; column += 1) {
    const before = spent;
    spent = Float64Array.from({ length: ROWS }, (_, row) => {
      const step = cheapestStep(before, row);
      steps[column]![row] = step;
      return stepCost(before, row, step) + cost(column, row);
    });
  }
  const rows = [spent.indexOf(Math.min(...spent))];
  for (let column = columns - 1; column > 0; column -= 1) {
    const row = rows[rows.length - 1]!;
    rows.push(row + steps[column]![row]!);
  }
  return rows.reverse();
}

function cheapestStep(before: Float64Array, row: number): number {
  return [-2, -1, 1, 2].reduce((best, step) => (stepCost(before, row, step) < stepCost(before, row, best) ? step : best), 0);
}

function stepCost(before: Float64Array, row: number, step: number): number {
  return (before[row + step] ?? Infinity) + STEP_COST * step * step;
}

/** Returns the last column outward in which the line still stands out as near the corner. */
function endOf(contrast: readonly number[], from: number, outward: 1 | -1): number {
  const beside = [4, 5, 6, 7, 8].map((columns) => contrast[from - outward * columns] ?? 0);
  const enough = (FADED * beside.reduce((sum, value) => sum + value, 0)) / beside.length;
  let column = from;
  while (contrast[column + outward] !== undefined && (contrast[column]! + contrast[column + outward]!) / 2 > Math.max(6, enough)) {
    column += outward;
  }
  return column;
}
