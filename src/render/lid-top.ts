import type { Avatar } from '../avatars/avatar.ts';
import { heightAt, mapCurve, smoothCurve, type Curve } from './curve.ts';
import { xOf, yOf, type FaceFrame } from './face-frame.ts';
import type { PersonTones } from './person-tones.ts';
import { luminanceOf, photoLuma, skinColour } from './photo-luma.ts';

/** Room between the lid's fold and the brow, in millimetres. */
const BROW_CLEARANCE_MM = 1;

/** The least height of lid skin that is stretched in a blink, in millimetres: where nothing is in the way, and below a bar. */
const LEAST_LID_MM = 6;
const LEAST_BARRED_MM = 1.8;

/** Less skin than this between lid and bar, in the middle of the eye, cannot be stretched over it. */
const ENOUGH_SKIN_MM = 2;

/** So many times as far from the person's darkest tone as skin, in more than this share of what would be stretched, is glare on a lens. */
const GLARE = 1.2;
const GLARE_SHARE = 0.03;

/** A bar is this far from the person's darkest tone to skin at most and this thick. */
const BAR_SHADE = 0.32;
const BAR_MM = 1.3;

/** Lashes and their shade begin at the lid; so much skin must lie between them and a bar. */
const SKIN_MM = 0.6;

/** Share of the eye's width in which a bar must be seen, and in which its line must run. */
const BAR_SHARE = 0.4;

/** Room between a bar and the skin that is stretched: edges are soft. */
const BAR_CLEARANCE_MM = 0.7;

const STEP_MM = 0.2;

/** Columns this close to a line agree with it. */
const AGREE_MM = 0.7;

/** Where the skin of an upper lid begins. */
export interface LidTop {
  readonly curve: Curve;
  /** True when a dark bar lies between lid and brow, or the brow itself lies low. */
  readonly barred: boolean;
  /** True when below the bar there is no skin that could be stretched: too little of it, or the glare of a lens. */
  readonly covered: boolean;
}

/** Finds where the skin of the upper lid begins: under the brow, or under the rim of glasses or a fringe when that comes first. */
export function lidTop(avatar: Avatar, frame: FaceFrame, lid: { readonly upper: Curve; readonly brow: Curve; readonly tones: PersonTones }): LidTop {
  const { upper, brow, tones } = lid;
  const free = mapCurve(upper, (v, u) => Math.min(heightAt(brow, u) + BROW_CLEARANCE_MM, v - LEAST_LID_MM));
  const skin = luminanceOf(skinColour(avatar));
  const level = (share: number): number => tones.dark + share * Math.max(0, skin - tones.dark);
  const luma = (u: number, v: number): number => photoLuma(avatar, xOf(frame, u, v), yOf(frame, u, v));
  const bars = mapCurve(upper, (v, u) => barAbove((above) => luma(u, v - above) < level(BAR_SHADE), v - heightAt(free, u) + BAR_MM, v));
  const rim = lineThroughMost(bars);
  if (rim === undefined) {
    return { curve: smoothCurve(free, 1), barred: false, covered: false };
  }
  const curve = smoothCurve(mapCurve(upper, (v, u) => Math.min(rim(u) + BAR_CLEARANCE_MM, v - LEAST_BARRED_MM)), 0.8);
  return { curve, barred: true, covered: middleRoom(upper, curve) < ENOUGH_SKIN_MM || brightShare(luma, curve, upper, level(GLARE)) > GLARE_SHARE };
}

/** Returns v of the lower edge of the first dark bar above a lid at v, or NaN; what is dark from the lid on is its lashes. */
function barAbove(isDark: (mmAbove: number) => boolean, mostMm: number, lidV: number): number {
  let skin = 0;
  let bar = 0;
  for (let above = 0; above < mostMm; above += STEP_MM) {
    const dark = isDark(above);
    if (skin < SKIN_MM) {
      skin = dark ? 0 : skin + STEP_MM;
    } else {
      bar = dark ? bar + STEP_MM : 0;
    }
    if (bar >= BAR_MM) {
      return lidV - above + bar - STEP_MM;
    }
  }
  return NaN;
}

/** Returns the mean distance of two curves in the middle third of the eye. */
function middleRoom(lower: Curve, upper: Curve): number {
  const third = Math.floor(lower.values.length / 3);
  let sum = 0;
  for (let index = third; index < 2 * third; index += 1) {
    sum += (lower.values[index]! - upper.values[index]!) / third;
  }
  return sum;
}

/** Returns the share of what lies between two curves that is brighter than a level. */
function brightShare(luma: (u: number, v: number) => number, from: Curve, to: Curve, level: number): number {
  let bright = 0;
  let all = 0;
  to.values.forEach((end, index) => {
    const u = to.startMm + index / to.samplesPerMm;
    for (let v = heightAt(from, u); v < end; v += STEP_MM) {
      bright += luma(u, v) > level ? 1 : 0;
      all += 1;
    }
  });
  return bright / Math.max(1, all);
}

/** Returns the straight line that most of the columns agree with, or undefined when they are too few: an iris taken for a bar does not count. */
function lineThroughMost(bars: Curve): ((u: number) => number) | undefined {
  const points = [...bars.values].flatMap((v, index) => (Number.isNaN(v) ? [] : [{ u: bars.startMm + index / bars.samplesPerMm, v }]));
  const few = points.filter((_, index) => index % 4 === 0);
  let best = { count: 0, slope: 0, u: 0, v: 0 };
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
  return best.count < BAR_SHARE * bars.values.length ? undefined : (u) => best.v + best.slope * (u - best.u);
}
