import { dropPlumb } from './curve.ts';
import type { EyeShape } from './eye-shape.ts';
import { clamp, smoothstep } from './shaping.ts';

/** What an eye does: lids 0 open to 1 closed, gaze −1..1 to the right and down. */
export interface EyeState {
  blink: number;
  gazeX: number;
  gazeY: number;
}

/** Where the colours of one place of the eye come from: u and v in millimetres of the face frame. */
export interface EyeSource {
  /** Eyeball or lower lid. */
  readonly under: Float64Array;
  /** Upper lid. */
  readonly lid: Float64Array;
  /** How much the upper lid covers, 0..1. */
  lidShare: number;
  /** False when the place looks as in the portrait. */
  changed: boolean;
}

/** Makes a source to be written. */
export function eyeSource(): EyeSource {
  return { under: new Float64Array(2), lid: new Float64Array(2), lidShare: NaN, changed: false };
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

/** One column of an eye: margins and skin in millimetres, and how it moves. */
interface EyeColumn {
  /** Where the skin of the upper lid begins. */
  top: number;
  upper: number;
  lower: number;
  /** Distance to the nearer corner. */
  corner: number;
  blink: number;
  /** Way of the lower lid up, and of the upper one down. */
  rise: number;
  way: number;
}

/**
 * Finds where a place of an eye takes its colour from, straight per column (no iteration): above the lid's margin a band moves rigidly
 * and the skin up to the brow is stretched evenly; below, the iris is shifted inside the opening.
 */
export class Eyelids {
  readonly #eye: EyeShape;
  readonly #column: EyeColumn = { top: NaN, upper: NaN, lower: NaN, corner: NaN, blink: NaN, rise: NaN, way: NaN };
  readonly #plumb = new Float64Array(3);

  constructor(eye: EyeShape) {
    this.#eye = eye;
  }

  /** Writes the source of a place of the face frame. */
  trace(state: EyeState, at: Float64Array, out: EyeSource): void {
    out.under[0] = out.lid[0] = at[0]!;
    out.under[1] = out.lid[1] = at[1]!;
    out.lidShare = 0;
    out.changed = false;
    if (at[0]! <= this.#eye.leftMm || at[0]! >= this.#eye.rightMm) {
      return;
    }
    const column = this.#column;
    this.#measure(state, at);
    if (at[1]! > column.lower - column.rise - LOWER_EDGE_MM) {
      raiseLowerLid(column, out);
    } else if (at[1]! > column.upper - 0.5 && (state.gazeX !== 0 || state.gazeY !== 0)) {
      this.#shiftIris(state, out);
    }
    if (column.blink > 0) {
      if (this.#eye.covered) {
        coverWithCheek(column, out);
      } else {
        coverWithLid(column, out);
      }
    }
  }

  #measure(state: EyeState, at: Float64Array): void {
    const eye = this.#eye;
    const column = this.#column;
    const line = this.#plumb;
    line[0] = at[0]!;
    line[1] = 0;
    dropPlumb(eye.top, line);
    column.top = -line[2]!;
    dropPlumb(eye.upper, line);
    column.upper = -line[2]!;
    dropPlumb(eye.lower, line);
    column.lower = -line[2]!;
    column.corner = Math.min(at[0]! - eye.leftMm, eye.rightMm - at[0]!);
    column.blink = clamp(state.blink + DOWNWARD_LID * Math.max(0, state.gazeY), 0, 1);
    // The lids meet in the corners, whatever the contours say there.
    const taper = smoothstep(0, CORNER_MM, column.corner);
    const opening = Math.max(0, column.lower - column.upper) * taper;
    column.rise = LOWER_SHARE * column.blink * opening;
    column.way = column.blink * (opening * (1 - LOWER_SHARE) + OVERLAP_MM * taper);
  }

  #shiftIris(state: EyeState, out: EyeSource): void {
    const eye = this.#eye;
    const column = this.#column;
    const u = out.under[0]!;
    const v = out.under[1]!;
    const goX = GAZE_X_MM * clamp(state.gazeX, -1, 1);
    const goY = GAZE_Y_MM * clamp(state.gazeY, -1, 1);
    const away = Math.sqrt((u - eye.irisU - goX) ** 2 + (v - eye.irisV - goY) ** 2);
    const inside = smoothstep(-0.5, 0.8, v - column.upper) * smoothstep(LOWER_EDGE_MM, LOWER_EDGE_MM + 1, column.lower - column.rise - v);
    const share = (1 - smoothstep(eye.irisRadiusMm, 2.1 * eye.irisRadiusMm, away)) * smoothstep(0, 4, column.corner) * inside;
    if (share <= 0) {
      return;
    }
    const line = this.#plumb;
    line[0] = clamp(u - goX * share, eye.leftMm, eye.rightMm);
    line[1] = 0;
    dropPlumb(eye.upper, line);
    const upper = -line[2]!;
    dropPlumb(eye.lower, line);
    const opening = Math.max(0.1, -line[2]! - upper);
    // Height is kept relative to the lids: the iris slides along them instead of dragging them.
    const level = upper + ((v - column.upper) / Math.max(0.1, column.lower - column.upper)) * opening;
    out.under[0] = line[0]!;
    out.under[1] = v + (level - v) * inside - goY * share;
    out.changed = true;
  }
}

function raiseLowerLid(column: Readonly<EyeColumn>, out: EyeSource): void {
  const below = out.under[1]! - (column.lower - column.rise);
  if (column.rise > 0 && below < LOWER_SKIN_MM) {
    out.under[1]! += column.rise * (1 - smoothstep(0, LOWER_SKIN_MM, below));
    out.changed = true;
  }
}

/** Under a rim there is no lid skin to stretch: the skin below the eye, mirrored at the lid's margin, stands in for it. */
function coverWithCheek(column: Readonly<EyeColumn>, out: EyeSource): void {
  const v = out.lid[1]!;
  const margin = column.upper + column.way;
  const fade = smoothstep(column.top, column.top + 1, v) * smoothstep(0, 1.5, column.way) * smoothstep(0, COVERED_CORNER_MM, column.corner);
  const share = clamp(0.5 - (v - margin - EDGE_MM / 2) / EDGE_MM, 0, 1) * fade;
  if (share > 0) {
    out.lid[1] = column.lower - 0.2 + 0.8 * Math.max(0, margin - v);
    out.lidShare = share;
    out.changed = true;
  }
}

function coverWithLid(column: Readonly<EyeColumn>, out: EyeSource): void {
  const v = out.lid[1]!;
  const { top, upper, way } = column;
  const margin = upper + way;
  const share = clamp(0.5 - (v - margin - EDGE_MM / 2) / EDGE_MM, 0, 1);
  if (v <= top || share <= 0) {
    return;
  }
  const lash = Math.min(LASH_BAND_MM, 0.45 * (upper - top));
  const band = margin - lash;
  const stretch = (upper - lash - top) / Math.max(1e-3, band - top);
  out.lid[1] = v >= band ? v - way : top + (v - top) * stretch;
  out.lidShare = share;
  out.changed = true;
}
