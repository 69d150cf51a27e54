import { heightAt } from './curve.ts';
import type { EyeShape } from './eye-shape.ts';
import { clamp, smoothstep } from './shaping.ts';

/** What an eye does: lids 0 open to 1 closed, gaze −1..1 to the right and down. */
export interface EyeState {
  blink: number;
  gazeX: number;
  gazeY: number;
}

/** Where the colours of one place of the eye come from, in millimetres of the face frame. */
export interface EyeSource {
  /** Eyeball or lower lid. */
  underU: number;
  underV: number;
  /** Upper lid: same u. */
  lidV: number;
  /** How much the upper lid covers, 0..1. */
  lidShare: number;
  /** False when the place looks as in the portrait. */
  changed: boolean;
}

/** The lash line above the upper lid's margin moves with it as it is. */
const LASH_BAND_MM = 1.4;

/** A closed lid goes this far over the lower one. */
const OVERLAP_MM = 0.6;

/** Way from a corner to where the lids stand fully apart. */
const CORNER_MM = 3;

/** The stand-in for a covered lid fades in over this much from the corners. */
const COVERED_CORNER_MM = 7;

/** The lower lid's margin, which moves with it. */
const LOWER_EDGE_MM = 0.3;

/** Share of the way that the lower lid comes up. */
const LOWER_SHARE = 0.1;

/** Skin below the lower lid that stretches with it. */
const LOWER_SKIN_MM = 8;

/** The largest shift of the iris. */
const GAZE_X_MM = 2.1;
const GAZE_Y_MM = 1.1;

/** Share of a blink that looking down brings. */
const DOWNWARD_LID = 0.22;

/** Softness of the upper lid's edge. */
const EDGE_MM = 0.7;

/**
 * Finds where the place (u, v) of an eye takes its colour from, straight per column (no iteration): above the lid's margin a band moves rigidly
 * and the skin up to the brow is stretched evenly; below, the iris is shifted inside the opening.
 */
export function eyeSource(eye: EyeShape, state: EyeState, at: { readonly u: number; readonly v: number }, out: EyeSource): void {
  const { u, v } = at;
  out.underU = u;
  out.underV = v;
  out.lidV = v;
  out.lidShare = 0;
  out.changed = false;
  if (u <= eye.leftMm || u >= eye.rightMm) {
    return;
  }
  const upper = heightAt(eye.upper, u);
  const lower = heightAt(eye.lower, u);
  // The lids meet in the corners, whatever the contours say there.
  const taper = smoothstep(0, CORNER_MM, Math.min(u - eye.leftMm, eye.rightMm - u));
  const opening = Math.max(0, lower - upper) * taper;
  const blink = clamp(state.blink + DOWNWARD_LID * Math.max(0, state.gazeY), 0, 1);
  const rise = LOWER_SHARE * blink * opening;
  if (v > lower - rise - LOWER_EDGE_MM) {
    raiseLowerLid(v - (lower - rise), rise, out);
  } else if (v > upper - 0.5) {
    shiftIris(eye, state, { upper, lower, seenLower: lower - rise }, out);
  }
  if (blink > 0) {
    const lid = { top: heightAt(eye.top, u), upper, lower, way: blink * (opening * (1 - LOWER_SHARE) + OVERLAP_MM * taper) };
    if (eye.covered) {
      coverWithCheek(lid, v, smoothstep(0, COVERED_CORNER_MM, Math.min(u - eye.leftMm, eye.rightMm - u)), out);
    } else {
      coverWithLid(lid, v, out);
    }
  }
}

function raiseLowerLid(below: number, rise: number, out: EyeSource): void {
  if (rise > 0 && below < LOWER_SKIN_MM) {
    out.underV += rise * (1 - smoothstep(0, LOWER_SKIN_MM, below));
    out.changed = true;
  }
}

function shiftIris(eye: EyeShape, state: EyeState, lids: { readonly upper: number; readonly lower: number; readonly seenLower: number }, out: EyeSource): void {
  if (state.gazeX === 0 && state.gazeY === 0) {
    return;
  }
  const u = out.underU;
  const v = out.underV;
  const goX = GAZE_X_MM * clamp(state.gazeX, -1, 1);
  const goY = GAZE_Y_MM * clamp(state.gazeY, -1, 1);
  const away = Math.hypot(u - eye.irisU - goX, v - eye.irisV - goY);
  const corner = smoothstep(0, 4, Math.min(u - eye.leftMm, eye.rightMm - u));
  const inside = smoothstep(-0.5, 0.8, v - lids.upper) * smoothstep(LOWER_EDGE_MM, LOWER_EDGE_MM + 1, lids.seenLower - v);
  const share = (1 - smoothstep(eye.irisRadiusMm, 2.1 * eye.irisRadiusMm, away)) * corner * inside;
  if (share <= 0) {
    return;
  }
  const from = clamp(u - goX * share, eye.leftMm, eye.rightMm);
  const upper = heightAt(eye.upper, from);
  const opening = Math.max(0.1, heightAt(eye.lower, from) - upper);
  // Height is kept relative to the lids: the iris slides along them instead of dragging them.
  const level = upper + ((v - lids.upper) / Math.max(0.1, lids.lower - lids.upper)) * opening;
  out.underU = from;
  out.underV = v + (level - v) * inside - goY * share;
  out.changed = true;
}

interface Lid {
  readonly top: number;
  readonly upper: number;
  readonly lower: number;
  readonly way: number;
}

/** Under a rim there is no lid skin to stretch: the skin below the eye, mirrored at the lid's margin, stands in for it. */
function coverWithCheek(lid: Lid, v: number, strength: number, out: EyeSource): void {
  const margin = lid.upper + lid.way;
  const fade = smoothstep(lid.top, lid.top + 1, v) * smoothstep(0, 1.5, lid.way) * strength;
  const share = clamp(0.5 - (v - margin - EDGE_MM / 2) / EDGE_MM, 0, 1) * fade;
  if (share > 0) {
    out.lidV = lid.lower - 0.2 + 0.8 * Math.max(0, margin - v);
    out.lidShare = share;
    out.changed = true;
  }
}

function coverWithLid(lid: Lid, v: number, out: EyeSource): void {
  const margin = lid.upper + lid.way;
  const share = clamp(0.5 - (v - margin - EDGE_MM / 2) / EDGE_MM, 0, 1);
  if (v <= lid.top || share <= 0) {
    return;
  }
  const lash = Math.min(LASH_BAND_MM, 0.45 * (lid.upper - lid.top));
  const band = margin - lash;
  const stretch = (lid.upper - lash - lid.top) / Math.max(1e-3, band - lid.top);
  out.lidV = v >= band ? v - lid.way : lid.top + (v - lid.top) * stretch;
  out.lidShare = share;
  out.changed = true;
}
