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
  const opening = Math.max(0, lower - upper);
  const blink = clamp(state.blink + DOWNWARD_LID * Math.max(0, state.gazeY), 0, 1);
  const rise = LOWER_SHARE * blink * opening;
  if (v > lower - rise - 0.3) {
    raiseLowerLid(v - (lower - rise), rise, out);
  } else if (v > upper - 0.5) {
    shiftIris(eye, state, { upper, lower }, out);
  }
  if (blink > 0) {
    // The overlap tapers to nothing at the corners, where the lids meet anyway.
    const taper = smoothstep(0, 2.5, Math.min(u - eye.leftMm, eye.rightMm - u));
    coverWithLid({ top: heightAt(eye.top, u), upper, way: blink * (opening * (1 - LOWER_SHARE) + OVERLAP_MM * taper) }, v, out);
  }
}

function raiseLowerLid(below: number, rise: number, out: EyeSource): void {
  if (rise > 0 && below < LOWER_SKIN_MM) {
    out.underV += rise * (1 - smoothstep(0, LOWER_SKIN_MM, below));
    out.changed = true;
  }
}

function shiftIris(eye: EyeShape, state: EyeState, lids: { readonly upper: number; readonly lower: number }, out: EyeSource): void {
  if (state.gazeX === 0 && state.gazeY === 0) {
    return;
  }
  const u = out.underU;
  const v = out.underV;
  const goX = GAZE_X_MM * clamp(state.gazeX, -1, 1);
  const goY = GAZE_Y_MM * clamp(state.gazeY, -1, 1);
  const away = Math.hypot(u - eye.irisU - goX, v - eye.irisV - goY);
  const corner = smoothstep(0, 4, Math.min(u - eye.leftMm, eye.rightMm - u));
  const inside = smoothstep(-0.5, 0.8, v - lids.upper) * smoothstep(-0.2, 0.8, lids.lower - v);
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

function coverWithLid(lid: { readonly top: number; readonly upper: number; readonly way: number }, v: number, out: EyeSource): void {
  const margin = lid.upper + lid.way;
  const share = clamp(0.5 - (v - margin - EDGE_MM / 2) / EDGE_MM, 0, 1);
  if (v <= lid.top || share <= 0) {
    return;
  }
  const band = margin - LASH_BAND_MM;
  const stretch = (lid.upper - LASH_BAND_MM - lid.top) / Math.max(1e-3, band - lid.top);
  out.lidV = v >= band ? v - lid.way : lid.top + (v - lid.top) * stretch;
  out.lidShare = share;
  out.changed = true;
}
