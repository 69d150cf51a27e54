import type { Avatar } from '../avatars/avatar.ts';
import { heightAt, mapCurve, medianCurve, smoothCurve, type Curve } from './curve.ts';
import { xOf, yOf, type FaceFrame } from './face-frame.ts';
import { luminanceOf, photoLuma, skinColour } from './photo-luma.ts';

const COLUMN_MM = 0.5;
const ROW_MM = 0.25;

/** Teeth are about as bright as the brightest between the lips, of which this share is glare, and not much darker than the skin. */
const GLARE_SHARE = 0.1;
const LEAST_OF_SKIN = 0.75;

/** A place is a tooth's from this share of that brightness on, and no longer below the other. */
const BRIGHT_SHARE = 0.65;
const DARK_SHARE = 0.5;

/** Teeth begin this close below the upper lip, and are seen in this share of the mouth's width at least. */
const BEGIN_MM = 3;
const LEAST_WITH_TEETH = 0.25;

/** Gaps and the shade between teeth that end an edge early are passed over when they are no wider than this to either side; then it is smoothed. */
const STRAY_MM = 4;
const SMOOTH_MM = 1.5;

/** Returns the lower edge of the upper teeth between open lips, as far as the photo shows it; the lip's own edge where there are none. */
export function teethEdge(avatar: Avatar, frame: FaceFrame, { upper, lower }: { readonly upper: Curve; readonly lower: Curve }): Curve {
  const luma = (u: number, v: number): number => photoLuma(avatar, xOf(frame, u, v), yOf(frame, u, v));
  const bright = brightest(luma, upper, lower);
  if (bright < LEAST_OF_SKIN * luminanceOf(skinColour(avatar))) {
    return upper;
  }
  const heights = mapCurve(lower, (bottom, u) => {
    const top = heightAt(upper, u);
    return toothHeight((below) => luma(u, top + below), bright, bottom - top);
  });
  const known = heights.values.filter((height) => !Number.isNaN(height));
  if (known.length < LEAST_WITH_TEETH * heights.values.length) {
    return upper;
  }
  // Beside the teeth there is shade: the edge goes on at their height.
  const mean = known.reduce((sum, height) => sum + height, 0) / known.length;
  const smooth = smoothCurve(medianCurve(mapCurve(heights, (height) => (Number.isNaN(height) ? mean : height)), STRAY_MM), SMOOTH_MM);
  return mapCurve(lower, (bottom, u) => Math.min(bottom, heightAt(upper, u) + heightAt(smooth, u)));
}

/** Returns how far a tooth reaches down, in millimetres from the upper lip; NaN where none begins near it. */
function toothHeight(lumaBelow: (mm: number) => number, bright: number, mostMm: number): number {
  const begin = Math.min(BEGIN_MM, mostMm);
  let below = 0;
  while (below < begin && lumaBelow(below) < BRIGHT_SHARE * bright) {
    below += ROW_MM;
  }
  if (below >= begin) {
    return Number.NaN;
  }
  while (below < mostMm && lumaBelow(below) > DARK_SHARE * bright) {
    below += ROW_MM;
  }
  return Math.min(below, mostMm);
}

/** Returns the brightness between the lips that only glare exceeds. */
function brightest(luma: (u: number, v: number) => number, upper: Curve, lower: Curve): number {
  const values: number[] = [];
  const width = (lower.values.length - 1) / lower.samplesPerMm;
  for (let u = lower.startMm + width / 4; u < lower.startMm + (3 * width) / 4; u += COLUMN_MM) {
    for (let v = heightAt(upper, u); v < heightAt(lower, u); v += ROW_MM) {
      values.push(luma(u, v));
    }
  }
  values.sort((a, b) => a - b);
  return values[Math.floor((1 - GLARE_SHARE) * values.length)] ?? 0;
}
