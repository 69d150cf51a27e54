import { uOf, vOf, type FaceFrame } from './face-frame.ts';
import { depthAt, headWeightAt, type HeadShape } from './head-pose-field.ts';
import type { HeadMaps } from './displacement-layer.ts';
import type { Steps } from './steps.ts';
import type { WarpGrid } from './warp-grid.ts';

/** Every second node is computed, the rest is interpolated: the mesh's own depth is no finer. */
const STEP = 2;

/** Blur of the depth and of the weight, in computed nodes. */
const DEPTH_BLUR = 0.8;
const WEIGHT_BLUR = 1;

/** Computes depth and head weight at every node of the grid. */
export function* headMaps(grid: WarpGrid, frame: FaceFrame, head: HeadShape): Steps<HeadMaps> {
  const columns = Math.ceil((grid.columns - 1) / STEP) + 1;
  const rows = Math.ceil((grid.rows - 1) / STEP) + 1;
  const depth = new Float32Array(columns * rows);
  const weight = new Float32Array(columns * rows);
  for (let node = 0; node < columns * rows; node += 1) {
    const xPx = (node % columns) * STEP * grid.cellPx;
    const yPx = Math.floor(node / columns) * STEP * grid.cellPx;
    const place = { u: uOf(frame, xPx, yPx), v: vOf(frame, xPx, yPx), xPx, yPx };
    depth[node] = depthAt(head, place.u, place.v);
    weight[node] = headWeightAt(head, place, grid);
    if (node % columns === 0) {
      yield;
    }
  }
  const coarse = { columns, rows };
  const wholeDepth = enlarged(blurred(depth, coarse, DEPTH_BLUR), coarse, grid);
  yield;
  return { depth: wholeDepth, weight: enlarged(blurred(weight, coarse, WEIGHT_BLUR), coarse, grid) };
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Separable Gaussian blur with held borders. */
function blurred(values: Float32Array, size: Size, sigma: number): Float32Array {
  const reach = Math.ceil(sigma * 3);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, index) => Math.exp(-(((index - reach) / sigma) ** 2) / 2));
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const along = (from: Float32Array, step: 'columns' | 'rows'): Float32Array => from.map((_, node) => {
    const column = node % size.columns;
    const row = Math.floor(node / size.columns);
    let sum = 0;
    for (let offset = -reach; offset <= reach; offset += 1) {
      const c = step === 'columns' ? Math.min(size.columns - 1, Math.max(0, column + offset)) : column;
      const r = step === 'rows' ? Math.min(size.rows - 1, Math.max(0, row + offset)) : row;
      sum += kernel[offset + reach]! * from[r * size.columns + c]!;
    }
    return sum / total;
  });
  return along(along(values, 'columns'), 'rows');
}

/** Bilinear enlargement to the whole grid. */
function enlarged(values: Float32Array, size: Size, grid: WarpGrid): Float32Array {
  const out = new Float32Array(grid.columns * grid.rows);
  for (let node = 0; node < out.length; node += 1) {
    const x = (node % grid.columns) / STEP;
    const y = Math.floor(node / grid.columns) / STEP;
    const column = Math.min(size.columns - 2, Math.floor(x));
    const row = Math.min(size.rows - 2, Math.floor(y));
    const at = row * size.columns + column;
    const upper = values[at]! + (values[at + 1]! - values[at]!) * (x - column);
    const lower = values[at + size.columns]! + (values[at + size.columns + 1]! - values[at + size.columns]!) * (x - column);
    out[node] = upper + (lower - upper) * (y - row);
  }
  return out;
}
