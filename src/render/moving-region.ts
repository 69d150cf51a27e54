import type { HeadPose } from '../base/motion-frame.ts';
import { FIELD_INDEX } from './face-expression.ts';
import { FIELD_COEFFICIENTS } from './expression-field.ts';
import type { DisplacementLayer, ShiftGrid } from './displacement-layer.ts';
import { POSE_LIMITS, restTurn, turnTo } from './head-pose-field.ts';
import type { Span } from './warp-kernel.ts';
import type { GridWindow, WarpGrid } from './warp-grid.ts';

/** Displacements under this many pixels cannot be seen. */
const STILL_PX = 0.05;

/** Finds the cells that any drawable motion can change, as one span per cell row: where the person's moving nodes can get to, and where they come from. */
export function movingCells(grid: WarpGrid, layer: DisplacementLayer, matte: Uint8Array): Span[] {
  const reach = motionReach(grid, layer);
  const cellRows = grid.rows - 1;
  const cellColumns = grid.columns - 1;
  const first = new Int32Array(cellRows).fill(cellColumns);
  const end = new Int32Array(cellRows);
  for (let node = 0; node < grid.columns * grid.rows; node += 1) {
    const box = reach.subarray(node * 4, node * 4 + 4);
    const [left, right, top, bottom] = [box[0]!, box[1]!, box[2]!, box[3]!];
    const column = node % grid.columns;
    const row = Math.floor(node / grid.columns);
    if (Math.max(-left, right, -top, bottom) < STILL_PX || !personNear(grid, matte, column, row)) {
      continue;
    }
    const from = Math.max(0, Math.floor(row + top / grid.cellPx) - 1);
    const to = Math.min(cellRows - 1, Math.ceil(row + bottom / grid.cellPx));
    for (let cellRow = from; cellRow <= to; cellRow += 1) {
      first[cellRow] = Math.min(first[cellRow]!, Math.max(0, Math.floor(column + left / grid.cellPx) - 1));
      end[cellRow] = Math.max(end[cellRow]!, Math.min(cellColumns, Math.ceil(column + right / grid.cellPx) + 1));
    }
  }
  return Array.from({ length: cellRows }, (_, row) => ({ row, first: first[row]!, end: end[row]! })).filter((span) => span.end > span.first);
}

/** Returns every cell of the grid. */
export function allCells(grid: WarpGrid): Span[] {
  return Array.from({ length: grid.rows - 1 }, (_, row) => ({ row, first: 0, end: grid.columns - 1 }));
}

/** Returns the nodes of the cells, without those of a window. */
export function nodesOf(cells: readonly Span[], without: GridWindow): Span[] {
  const byRow = new Map<number, { first: number; end: number }>();
  for (const cell of cells) {
    for (const row of [cell.row, cell.row + 1]) {
      const nodes = byRow.get(row) ?? { first: cell.first, end: cell.end + 1 };
      byRow.set(row, { first: Math.min(nodes.first, cell.first), end: Math.max(nodes.end, cell.end + 1) });
    }
  }
  const spans: Span[] = [];
  for (const [row, { first, end }] of byRow) {
    const inside = row >= without.top && row < without.top + without.rows;
    const parts = inside
      ? [{ row, first, end: Math.min(end, without.left) }, { row, first: Math.max(first, without.left + without.columns), end }]
      : [{ row, first, end }];
    spans.push(...parts.filter((span) => span.end > span.first));
  }
  return spans;
}

/** For each node the farthest it goes left, right, up and down in any extreme of pose and jaw, in pixels. */
function motionReach(grid: WarpGrid, layer: DisplacementLayer): Float32Array {
  const shifts = new Float32Array(grid.columns * grid.rows * 2);
  const out: ShiftGrid = { shifts, stride: grid.columns, first: layer.window.top * grid.columns + layer.window.left };
  const reach = new Float32Array(grid.columns * grid.rows * 4);
  const turn = restTurn();
  const rest = new Float32Array(FIELD_COEFFICIENTS.length);
  const wide = new Float32Array(FIELD_COEFFICIENTS.length).fill(1);
  wide[FIELD_INDEX.jaw] = 18;
  for (const pose of extremePoses()) {
    turnTo(pose, turn);
    for (const coefficients of [rest, wide]) {
      layer.displace(coefficients, turn, out);
      for (let node = 0; node < grid.columns * grid.rows; node += 1) {
        const [x, y] = [shifts[node * 2]!, shifts[node * 2 + 1]!];
        reach[node * 4] = Math.min(reach[node * 4]!, x);
        reach[node * 4 + 1] = Math.max(reach[node * 4 + 1]!, x);
        reach[node * 4 + 2] = Math.min(reach[node * 4 + 2]!, y);
        reach[node * 4 + 3] = Math.max(reach[node * 4 + 3]!, y);
      }
    }
  }
  return reach;
}

/** Every corner of the pose range; shifts go along with the turn's direction and against it. */
function extremePoses(): HeadPose[] {
  const poses: HeadPose[] = [];
  for (let corner = 0; corner < 32; corner += 1) {
    const sign = (bit: number): number => ((corner >> bit) & 1) * 2 - 1;
    poses.push({
      yawDeg: sign(0) * POSE_LIMITS.yawDeg,
      pitchDeg: sign(1) * POSE_LIMITS.pitchDeg,
      rollDeg: sign(2) * POSE_LIMITS.rollDeg,
      xMm: sign(3) * POSE_LIMITS.xMm,
      yMm: sign(4) * POSE_LIMITS.yMm,
    });
  }
  return poses;
}

/** True when any pixel of the four cells around a node shows the person. */
function personNear(grid: WarpGrid, matte: Uint8Array, column: number, row: number): boolean {
  const { width, height, cellPx } = grid;
  for (let y = Math.max(0, (row - 1) * cellPx); y < Math.min(height, (row + 1) * cellPx); y += 1) {
    for (let x = Math.max(0, (column - 1) * cellPx); x < Math.min(width, (column + 1) * cellPx); x += 1) {
      if (matte[y * width + x]! > 2) {
        return true;
      }
    }
  }
  return false;
}
