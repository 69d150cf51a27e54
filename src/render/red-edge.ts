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
  const shift = mapCurve(edge, (v, u) => {
    const red = (away: number): number => photoRedness(avatar, xOf(frame, u, v + away), yOf(frame, u, v + away));
    let best = 0;
    let most = -Infinity;
    for (let away = reach.from; away <= reach.to; away += ROW_MM) {
      let change = 0;
      for (let row = 1; row <= BAND_ROWS; row += 1) {
        change += (red(away + row * ROW_MM) - red(away - row * ROW_MM)) / BAND_ROWS;
      }
      const value = (lipBelow ? change : -change) - PULL * away * away;
      if (value > most) {
        most = value;
        best = away;
      }
    }
    return best;
  });
  const smooth = smoothCurve(shift, 3);
  const half = (edge.values.length - 1) / edge.samplesPerMm / 2;
  return mapCurve(edge, (v, u) => v + heightAt(smooth, u) * (1 - smoothstep(0.7, 0.95, Math.abs(u - edge.startMm - half) / half)));
}
