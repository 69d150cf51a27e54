import type { Avatar } from '../avatars/avatar.ts';
import { heightAt, mapCurve, smoothCurve, type Curve } from './curve.ts';
import { xOf, yOf, type FaceFrame } from './face-frame.ts';
import { photoRedness } from './photo-luma.ts';
import { smoothstep } from './shaping.ts';

/** Distance of the rows that are compared, in millimetres. */
const ROW_MM = 0.25;

/** The lip and what is beside it are averaged over so many rows, of which the nearest is left out: edges are soft. */
const BAND_ROWS = 5;

/** Redness that an edge is worth less for each square millimetre from the mesh's. */
const PULL = 2;

/** Where the edge of a lip may lie, in millimetres below the mesh's. */
export interface EdgeReach {
  readonly from: number;
  readonly to: number;
}

/** Moves the edge of a lip to where its red ends on the side of the teeth or the dark, column by column, and smooths the way it went. */
export function snapToRed(avatar: Avatar, frame: FaceFrame, edge: Curve, { lipBelow, reach }: { readonly lipBelow: boolean; readonly reach: EdgeReach }): Curve {
  const rows = Math.round((reach.to - reach.from) / ROW_MM) + 1;
  const red = new Float64Array(rows + 2 * BAND_ROWS);
  const shift = mapCurve(edge, (v, u) => {
    for (let row = 0; row < red.length; row += 1) {
      const place = v + reach.from + (row - BAND_ROWS) * ROW_MM;
      red[row] = photoRedness(avatar, xOf(frame, u, place), yOf(frame, u, place));
    }
    return reach.from + bestRow(red, reach, lipBelow ? 1 : -1) * ROW_MM;
  });
  const smooth = smoothCurve(shift, 3);
  const half = (edge.values.length - 1) / edge.samplesPerMm / 2;
  return mapCurve(edge, (v, u) => v + heightAt(smooth, u) * (1 - smoothstep(0.7, 0.95, Math.abs(u - edge.startMm - half) / half)));
}

/** Returns the row, counted from the reach's first, below which there is most red more than above it (`sign` 1) or less (−1). */
function bestRow(red: Float64Array, reach: EdgeReach, sign: 1 | -1): number {
  let best = 0;
  let most = -Infinity;
  for (let row = 0; row + 2 * BAND_ROWS < red.length; row += 1) {
    const away = reach.from + row * ROW_MM;
    let change = 0;
    for (let step = 1; step <= BAND_ROWS; step += 1) {
      change += (red[row + BAND_ROWS + step]! - red[row + BAND_ROWS - step]!) / BAND_ROWS;
    }
    const value = sign * change - PULL * away * away;
    if (value > most) {
      most = value;
      best = row;
    }
  }
  return best;
}
