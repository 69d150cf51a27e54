/** Millimetre size from which the grid is coarser: there 8 pixels are about as long on the face as 4 on a small one. */
const COARSE_PX_PER_MM = 2.6;

/** The nodes at which displacements are known: node (i, j) is the pixel (i · cellPx, j · cellPx); the last ones may lie past the border. */
export interface WarpGrid {
  readonly width: number;
  readonly height: number;
  readonly cellPx: number;
  /** Nodes in a row. */
  readonly columns: number;
  /** Node rows. */
  readonly rows: number;
}

/** Lays the grid over a picture whose face has the given scale. */
export function warpGrid(size: { readonly width: number; readonly height: number }, pxPerMm: number): WarpGrid {
  const cellPx = pxPerMm >= COARSE_PX_PER_MM ? 8 : 4;
  return {
    width: size.width,
    height: size.height,
    cellPx,
    columns: Math.ceil(size.width / cellPx) + 1,
    rows: Math.ceil(size.height / cellPx) + 1,
  };
}

/** Part of a grid: node columns left..left+columns−1 and rows top..top+rows−1. */
export interface GridWindow {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
}

/** Returns the smallest window with the four limits in pixels inside, held to the grid and at least 2 × 2 nodes. */
export function gridWindow(grid: WarpGrid, box: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }): GridWindow {
  const first = (px: number, nodes: number): number => Math.min(nodes - 2, Math.max(0, Math.floor(px / grid.cellPx)));
  const last = (px: number, nodes: number, from: number): number => Math.min(nodes - 1, Math.max(from + 1, Math.ceil(px / grid.cellPx)));
  const left = first(box.left, grid.columns);
  const top = first(box.top, grid.rows);
  return {
    left,
    top,
    columns: last(box.right, grid.columns, left) - left + 1,
    rows: last(box.bottom, grid.rows, top) - top + 1,
  };
}
