/** A displacement or offset grid over a whole area: x and y interleaved, in pixels. */
export interface AreaGrid {
  readonly columns: number;
  readonly rows: number;
  readonly cellPx: number;
  readonly values: Float32Array;
}

/**
 * One pass of offset ← −displacement(node + offset) over all nodes of two grids of the same area, looked up bilinearly and held at the border.
 * A fixed point of it is the inverse warp: node + offset is where the node's colour comes from. Returns the largest change of a coordinate in pixels.
 */
export function invertPass(displacement: AreaGrid, offsets: AreaGrid): number {
  const { columns, rows, cellPx } = displacement;
  const d = displacement.values;
  const o = offsets.values;
  const perPixel = 1 / cellPx;
  const limitX = columns - 1.001;
  const limitY = rows - 1.001;
  let worst = 0;
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, at += 2) {
      const oldX = o[at]!;
      const oldY = o[at + 1]!;
      const x = Math.max(0, Math.min(limitX, column + oldX * perPixel));
      const y = Math.max(0, Math.min(limitY, row + oldY * perPixel));
      const xi = Math.floor(x);
      const yi = Math.floor(y);
      const fx = x - xi;
      const fy = y - yi;
      const a = (yi * columns + xi) * 2;
      const b = a + columns * 2;
      const leftX = d[a]! + (d[b]! - d[a]!) * fy;
      const leftY = d[a + 1]! + (d[b + 1]! - d[a + 1]!) * fy;
      const rightX = d[a + 2]! + (d[b + 2]! - d[a + 2]!) * fy;
      const rightY = d[a + 3]! + (d[b + 3]! - d[a + 3]!) * fy;
      const newX = -(leftX + (rightX - leftX) * fx);
      const newY = -(leftY + (rightY - leftY) * fx);
      o[at] = newX;
      o[at + 1] = newY;
      worst = Math.max(worst, Math.abs(newX - oldX), Math.abs(newY - oldY));
    }
  }
  return worst;
}
