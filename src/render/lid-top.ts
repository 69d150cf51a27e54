import type { Avatar } from '../avatars/avatar.ts';
import { heightAt, mapCurve, smoothCurve, type Curve } from './curve.ts';
import { xOf, yOf, type FaceFrame } from './face-frame.ts';
import { photoLuma, skinColour } from './photo-luma.ts';

/** Room between the lid's fold and the brow, in millimetres. */
const BROW_CLEARANCE_MM = 1;

/** The least height of lid skin that is stretched in a blink, in millimetres: where nothing is in the way, and below a rim. */
const LEAST_LID_MM = 6;
const LEAST_COVERED_MM = 1.8;

/** A bar is this much darker than skin and this thick; lashes are thinner. */
const BAR_LUMA = 0.36;
const BAR_MM = 1.3;

/** Share of the eye's width a bar must cross. */
const BAR_SHARE = 0.4;

const STEP_MM = 0.2;

/** Columns this close to a line agree with it. */
const AGREE_MM = 0.7;

/** Finds where the skin of the upper lid begins: under the brow, or under the rim of glasses or a fringe when that comes first. */
export function lidTop(avatar: Avatar, frame: FaceFrame, upper: Curve, brow: Curve): { readonly curve: Curve; readonly covered: boolean } {
  const free = mapCurve(upper, (v, u) => Math.min(heightAt(brow, u) + BROW_CLEARANCE_MM, v - LEAST_LID_MM));
  const [r, g, b] = skinColour(avatar);
  const dark = BAR_LUMA * (0.299 * r + 0.587 * g + 0.114 * b);
  const bars = mapCurve(upper, (v, u) => barBelow(avatar, frame, { u, from: v - 0.8, to: heightAt(free, u), dark }));
  const found = bars.values.filter((v) => !Number.isNaN(v)).length;
  if (found < BAR_SHARE * bars.values.length) {
    return { curve: smoothCurve(free, 1), covered: false };
  }
  const rim = lineThroughMost(bars);
  return { curve: smoothCurve(mapCurve(upper, (v, u) => Math.min(rim(u) + 0.5, v - LEAST_COVERED_MM)), 0.8), covered: true };
}

/** Returns v of the lower edge of a dark bar above a lid, or NaN. */
function barBelow(avatar: Avatar, frame: FaceFrame, column: { readonly u: number; readonly from: number; readonly to: number; readonly dark: number }): number {
  let run = 0;
  for (let v = column.from; v > column.to - BAR_MM; v -= STEP_MM) {
    const luma = photoLuma(avatar, xOf(frame, column.u, v), yOf(frame, column.u, v));
    run = luma < column.dark ? run + STEP_MM : 0;
    if (run >= BAR_MM) {
      return v + run - STEP_MM;
    }
  }
  return NaN;
}

/** Returns the straight line that most of the columns agree with: an iris taken for a bar does not count. */
function lineThroughMost(bars: Curve): (u: number) => number {
  const points = [...bars.values].flatMap((v, index) => (Number.isNaN(v) ? [] : [{ u: bars.startMm + index / bars.samplesPerMm, v }]));
  const few = points.filter((_, index) => index % 4 === 0);
  let best = { count: 0, slope: 0, u: 0, v: few[0]?.v ?? 0 };
  for (const a of few) {
    for (const b of few) {
      if (b.u - a.u < 4) {
        continue;
      }
      const slope = (b.v - a.v) / (b.u - a.u);
      const count = points.filter(({ u, v }) => Math.abs(a.v + slope * (u - a.u) - v) < AGREE_MM).length;
      if (count > best.count) {
        best = { count, slope, u: a.u, v: a.v };
      }
    }
  }
  return (u) => best.v + best.slope * (u - best.u);
}
