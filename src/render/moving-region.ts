import { NEUTRAL_POSE, type HeadPose } from '../base/motion-frame.ts';
import { FIELD_INDEX } from './face-expression.ts';
import { FIELD_COEFFICIENTS } from './expression-field.ts';
import type { DisplacementLayer, ShiftGrid } from './displacement-layer.ts';
import { POSE_LIMITS, restTurn, turnTo } from './head-pose-field.ts';
import type { Steps } from './steps.ts';
import type { Span } from './warp-kernel.ts';
import type { GridWindow, WarpGrid } from './warp-grid.ts';

/** Displacements under this many pixels cannot be seen. */
const STILL_PX = 0.05;

const WIDEST_JAW_MM = 18;

/** Finds the cells that any drawable motion can change, as one span per cell row: where the person's moving nodes can get to, and where they come from. */
export function* movingCells(grid: WarpGrid, layer: DisplacementLayer, person: Uint8Array, pxPerMm: number): Steps<Span[]> {
  const reach = yield* motionReach(grid, layer);
  const shift = { x: POSE_LIMITS.xMm * pxPerMm, y: POSE_LIMITS.yMm * pxPerMm };
  const cellRows = grid.rows - 1;
  const cellColumns = grid.columns - 1;
  const first = new Int32Array(cellRows).fill(cellColumns);
  const end = new Int32Array(cellRows);
  for (let node = 0; node < grid.columns * grid.rows; node += 1) {
    const at = node * 4;
    if (person[node] === 0 || Math.max(-reach[at]!, reach[at + 1]!, -reach[at + 2]!, reach[at + 3]!) < STILL_PX) {
      continue;
    }
    const column = node % grid.columns;
    const row = Math.floor(node / grid.columns);
    const from = Math.max(0, Math.floor(row + (reach[at + 2]! - shift.y) / grid.cellPx) - 1);
    const to = Math.min(cellRows - 1, Math.ceil(row + (reach[at + 3]! + shift.y) / grid.cellPx));
    const left = Math.max(0, Math.floor(column + (reach[at]! - shift.x) / grid.cellPx) - 1);
    const right = Math.min(cellColumns, Math.ceil(column + (reach[at + 1]! + shift.x) / grid.cellPx) + 1);
    for (let cellRow = from; cellRow <= to; cellRow += 1) {
      first[cellRow] = Math.min(first[cellRow]!, left);
      end[cellRow] = Math.max(end[cellRow]!, right);
    }
  }
  return Array.from({ length: cellRows }, (_, row) => ({ row, first: first[row]!, end: end[row]! })).filter((span) => span.end > span.first);
}

/** Marks the nodes that have any of the person within two cells. */
export function personNodes(grid: WarpGrid, matte: Uint8Array): Uint8Array {
  const { width, height, cellPx, columns, rows } = grid;
  const cells = new Uint8Array(columns * rows);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (matte[y * width + x]! > 2) {
        cells[Math.floor(y / cellPx) * columns + Math.floor(x / cellPx)] = 1;
      }
    }
  }
  return cells.map((_, node) => {
    const column = node % columns;
    const row = Math.floor(node / columns);
    for (let r = Math.max(0, row - 2); r <= Math.min(rows - 1, row + 1); r += 1) {
      for (let c = Math.max(0, column - 2); c <= Math.min(columns - 1, column + 1); c += 1) {
        if (cells[r * columns + c] === 1) {
          return 1;
        }
      }
    }
    return 0;
  });
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

/** For each node the farthest it goes left, right, up and down in any extreme turn, and with the mouth wide open, in pixels; shifts of the head left out. */
function* motionReach(grid: WarpGrid, layer: DisplacementLayer): Steps<Float32Array> {
  const shifts = new Float32Array(grid.columns * grid.rows * 2);
  const out: ShiftGrid = { shifts, stride: grid.columns, first: layer.window.top * grid.columns + layer.window.left };
  const reach = new Float32Array(grid.columns * grid.rows * 4);
  const turn = restTurn();
  const coefficients = new Float32Array(FIELD_COEFFICIENTS.length);
  for (const pose of extremePoses()) {
    turnTo(pose, turn);
    coefficients.fill(pose === NEUTRAL_POSE ? 1 : 0);
    coefficients[FIELD_INDEX.jaw] = pose === NEUTRAL_POSE ? WIDEST_JAW_MM : 0;
    layer.displace(coefficients, turn, out);
    for (let node = 0; node < grid.columns * grid.rows; node += 1) {
      const [x, y] = [shifts[node * 2]!, shifts[node * 2 + 1]!];
      reach[node * 4] = Math.min(reach[node * 4]!, x);
      reach[node * 4 + 1] = Math.max(reach[node * 4 + 1]!, x);
      reach[node * 4 + 2] = Math.min(reach[node * 4 + 2]!, y);
      reach[node * 4 + 3] = Math.max(reach[node * 4 + 3]!, y);
    }
    yield;
  }
  return reach;
}

/** Every corner of the range of turns, and rest. */
function extremePoses(): HeadPose[] {
  const sign = (corner: number, bit: number): number => ((corner >> bit) & 1) * 2 - 1;
  const corners = Array.from({ length: 8 }, (_, corner) => ({
    ...NEUTRAL_POSE,
    yawDeg: sign(corner, 0) * POSE_LIMITS.yawDeg,
    pitchDeg: sign(corner, 1) * POSE_LIMITS.pitchDeg,
    rollDeg: sign(corner, 2) * POSE_LIMITS.rollDeg,
  }));
  return [NEUTRAL_POSE, ...corners];
}
