import { dropPlumb, type Curve } from './curve.ts';
import { toFace, toPicture, type FaceFrame } from './face-frame.ts';
import type { PoseTurn } from './head-pose-field.ts';
import { teethSeen, type InteriorState, type MouthInterior, type Tint } from './mouth-interior.ts';
import type { MouthShape } from './mouth-shape.ts';
import { sourceOf, type LayerSampler, type NodeOffsets, type PatchShader } from './pixel-patch.ts';
import { bell, clamp, smoothstep } from './shaping.ts';

/** Beyond this distance from the lips' edges the compositor's single layer is right, in millimetres. */
const REACH_MM = 4.5;

/** Softness of a lip's edge, in millimetres. */
const EDGE_MM = 0.8;

/** Light on teeth behind lips that have just parted, and what a lip drawn in below them adds; lips so far apart let in all. */
const SLIT_LIGHT = 0.15;
const TUCK_LIGHT = 0.65;
const LIT_MM = 5.5;

/** Gaps up to this are not drawn. */
const HAIRLINE_MM = 0.25;

/** Where lip and teeth meet, the photo mixes both: teeth are shown no farther than this above the edge of the photo's lower lip. */
const MIXED_MM = 0.7;

/** How much darker lips are where they touch, in a mouth that the photo shows open: there it has no line between them. */
const CONTACT_SHADE = 0.4;

/** What a mouth is drawn from. */
export interface MouthParts {
  readonly frame: FaceFrame;
  readonly mouth: MouthShape;
  readonly interior: MouthInterior;
  readonly sampler: LayerSampler;
  /** Line where closed lips meet, smoothed to what teeth can follow. */
  readonly meeting: Curve;
  /** Where the head turns, and how far the teeth lie from it. */
  readonly pivotU: number;
  readonly pivotV: number;
  readonly teethZ: number;
  /** Head weight at the mouth. */
  readonly weight: number;
}

/** What the next mouth looks like. */
export interface MouthState extends InteriorState {
  /** 0 as in a photo that shows its teeth, 1 closed lips as the base; always 1 for other photos. */
  readonly close: number;
  /** 0..1: lower lip drawn in to the upper teeth. */
  readonly tuck: number;
}

/** What of one lip is seen in a pixel. */
interface LipShare {
  /** Light, 1 as in the photo. */
  light: number;
  /** Part of the pixel, 0..1. */
  share: number;
}

/** Draws lips and mouth interior from the two layers over the warped picture. */
export class MouthShader implements PatchShader {
  readonly #parts: MouthParts;
  /** Where the pixel's colour lies in the upper and in the lower layer: x and y in the picture, then u, v and the distance below the lip's edge. */
  readonly #upperPlace = new Float64Array(2);
  readonly #lowerPlace = new Float64Array(2);
  readonly #fromUpper = new Float64Array(3);
  readonly #fromLower = new Float64Array(3);
  readonly #upperLip: LipShare = { light: NaN, share: NaN };
  readonly #lowerLip: LipShare = { light: NaN, share: NaN };
  readonly #lower = new Float64Array(4);
  readonly #place = new Float64Array(2);
  readonly #photo = new Float64Array(4);
  readonly #skull = new Float64Array(3);
  readonly #point = new Float64Array(2);
  readonly #tint: Tint = { y: NaN, u: NaN, v: NaN };
  #state: MouthState = { jawMm: 0, tongue: 0, rounding: 0, close: 1, tuck: 0 };
  #upperNodes: NodeOffsets | undefined;
  #lowerNodes: NodeOffsets | undefined;
  /** Undoes the pose for the teeth: u = uu·u′ + uv·v′ + u0, likewise v. */
  readonly #undo = { uu: NaN, uv: NaN, u0: NaN, vu: NaN, vv: NaN, v0: NaN };

  constructor(parts: MouthParts) {
    this.#parts = parts;
  }

  /** Sets what the next patch shows; the offsets are those of the two layers. */
  begin(state: MouthState, turn: PoseTurn, upper: NodeOffsets, lower: NodeOffsets): void {
    this.#state = state;
    this.#upperNodes = upper;
    this.#lowerNodes = lower;
    this.#undoTurn(turn);
  }

  shade(xPx: number, yPx: number, out: Float64Array): boolean {
    if (this.#upperNodes === undefined || this.#lowerNodes === undefined) {
      return false;
    }
    const { frame, mouth, sampler } = this.#parts;
    const fromUpper = this.#fromUpper;
    const fromLower = this.#fromLower;
    sourceOf(this.#upperNodes, xPx, yPx, this.#upperPlace);
    sourceOf(this.#lowerNodes, xPx, yPx, this.#lowerPlace);
    toFace(frame, this.#upperPlace, fromUpper);
    toFace(frame, this.#lowerPlace, fromLower);
    dropPlumb(mouth.upper, fromUpper);
    dropPlumb(mouth.lower, fromLower);
    if (fromLower[2]! > REACH_MM || (fromUpper[2]! < -REACH_MM && fromLower[2]! < 0)) {
      sampler.foreground(fromLower[2]! > REACH_MM ? this.#lowerPlace : this.#upperPlace, out);
      sampler.over(xPx, yPx, out);
      return false;
    }
    this.#weigh();
    sampler.foreground(this.#upperPlace, out);
    takeLip(this.#upperLip, this.#parts.interior.lipShadow, out);
    sampler.foreground(this.#lowerPlace, this.#lower);
    takeLip(this.#lowerLip, this.#parts.interior.lipShadow, this.#lower);
    for (let channel = 0; channel < 4; channel += 1) {
      out[channel]! += this.#lower[channel]!;
    }
    if (this.#upperLip.share + this.#lowerLip.share < 1) {
      this.#addInterior(xPx, yPx, out);
    }
    sampler.over(xPx, yPx, out);
    return true;
  }

  /** Finds how much of the pixel each lip fills; the rest is the inside of the mouth. */
  #weigh(): void {
    const { mouth } = this.#parts;
    const u = this.#fromUpper[0]!;
    const belowUpper = this.#fromUpper[2]!;
    const belowLower = this.#fromLower[2]!;
    const gap = belowUpper - belowLower;
    const inside = Math.min(u - mouth.leftMm, mouth.rightMm - u);
    const opening = clamp(gap / 5, 0, 1) * this.#state.close;
    const touching = mouth.open ? CONTACT_SHADE * clamp(1 - gap / 2, 0, 1) * smoothstep(0, 5, inside) * this.#state.close : 0;
    // Lips that touch share the pixel exactly: nothing of the inside can show along a closed mouth.
    const lower = clamp(0.5 + belowLower / EDGE_MM, 0, 1);
    const apart = clamp(0.5 - belowUpper / EDGE_MM, 0, 1);
    // Beyond the corners there is no opening: what the grid leaves between the layers there is skin.
    // A gap finer than a pixel would show as a broken line: it fades in.
    const between = clamp(inside + 0.5, 0, 1) * smoothstep(HAIRLINE_MM, 1, gap);
    this.#upperLip.share = 1 - lower - Math.max(0, 1 - lower - apart) * between;
    this.#upperLip.light = 1 - bell(belowUpper, 1) * (0.3 * opening + touching);
    this.#lowerLip.share = lower;
    this.#lowerLip.light = 1 - bell(belowLower, 1) * (0.18 * opening + touching);
  }

  #addInterior(xPx: number, yPx: number, out: Float64Array): void {
    const { frame, mouth, interior, meeting } = this.#parts;
    const tint = this.#tint;
    const point = this.#point;
    const skull = this.#skull;
    const undo = this.#undo;
    const { shadow } = interior;
    this.#place[0] = xPx;
    this.#place[1] = yPx;
    toFace(frame, this.#place, point);
    skull[0] = undo.uu * point[0]! + undo.uv * point[1]! + undo.u0;
    skull[1] = undo.vu * point[0]! + undo.vv * point[1]! + undo.v0;
    dropPlumb(meeting, skull);
    point[0] = skull[0] - mouth.centreMm;
    point[1] = 0.5 * (skull[1] + skull[2]!);
    interior.shade(point, this.#state, tint);
    if (mouth.open) {
      this.#photoTeeth(tint);
    }
    const { share: upper } = this.#upperLip;
    const share = 1 - upper - this.#lowerLip.share;
    const underLips = (0.8 + 0.2 * clamp(this.#fromUpper[2]! / 2, 0, 1)) * (0.85 + 0.15 * clamp(-this.#fromLower[2]! / 2.5, 0, 1));
    const least = SLIT_LIGHT + TUCK_LIGHT * this.#state.tuck;
    const slit = least + (1 - least) * smoothstep(0.5, LIT_MM, this.#fromUpper[2]! - this.#fromLower[2]!);
    const light = (1 - 0.3 * this.#state.rounding) * (1 - this.#state.close * (1 - underLips * slit));
    out[0]! += (16 + tint.y * light + shadow.y * (1 - light)) * share;
    out[1]! += (128 + tint.u * light + shadow.u * (1 - light)) * share;
    out[2]! += (128 + tint.v * light + shadow.v * (1 - light)) * share;
    out[3]! += 255 * share;
  }

  /** The photo's own teeth stay where the skull has them; what lies below them belongs to the jaw. */
  #photoTeeth(tint: Tint): void {
    const { frame, mouth, sampler } = this.#parts;
    const skull = this.#skull;
    const photo = this.#photo;
    // With the lips where the photo has them, nothing is taken away.
    const moved = clamp(this.#state.close + this.#state.jawMm / 3, 0, 1);
    dropPlumb(mouth.lower, skull);
    const belowLip = skull[2]!;
    dropPlumb(mouth.teeth, skull);
    const below = belowLip + (Math.max(skull[2]!, belowLip + MIXED_MM) - belowLip) * moved;
    const share = (1 - (1 - teethSeen(this.#state)) * moved) * clamp(0.5 - below / 0.7, 0, 1);
    if (share <= 0) {
      return;
    }
    // Behind the upper lip nothing is known: the row at its edge goes on.
    dropPlumb(mouth.upper, skull);
    skull[1]! += Math.max(0, 0.4 - skull[2]!);
    toPicture(frame, skull, this.#place);
    sampler.foreground(this.#place, photo);
    tint.y += (photo[0]! - 16 - tint.y) * share;
    tint.u += (photo[1]! - 128 - tint.u) * share;
    tint.v += (photo[2]! - 128 - tint.v) * share;
  }

  /** At one depth the turn is affine: X′ = X + w·(M·X + t − X), undone exactly. */
  #undoTurn(turn: PoseTurn): void {
    const { weight, teethZ, pivotU, pivotV } = this.#parts;
    const a = 1 + weight * (turn.xx - 1);
    const b = weight * turn.xy;
    const c = weight * turn.yx;
    const d = 1 + weight * (turn.yy - 1);
    const tx = weight * (turn.xz * teethZ + turn.x0);
    const ty = weight * (turn.yz * teethZ + turn.y0);
    const scale = 1 / (a * d - b * c);
    const undo = this.#undo;
    undo.uu = d * scale;
    undo.uv = -b * scale;
    undo.vu = -c * scale;
    undo.vv = a * scale;
    undo.u0 = pivotU - undo.uu * (pivotU + tx) - undo.uv * (pivotV + ty);
    undo.v0 = pivotV - undo.vu * (pivotU + tx) - undo.vv * (pivotV + ty);
  }
}

/** Leaves of a premultiplied colour what is seen of the lip, darkened toward its shade. */
function takeLip({ light, share }: Readonly<LipShare>, shadow: Readonly<Tint>, colour: Float64Array): void {
  const dark = (1 - light) * (colour[3]! / 255);
  colour[0] = (colour[0]! * light + (16 + shadow.y) * dark) * share;
  colour[1] = (colour[1]! * light + (128 + shadow.u) * dark) * share;
  colour[2] = (colour[2]! * light + (128 + shadow.v) * dark) * share;
  colour[3]! *= share;
}
