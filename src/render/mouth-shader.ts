import { heightAt, type Curve } from './curve.ts';
import { uOf, vOf, xOf, yOf, type FaceFrame } from './face-frame.ts';
import type { PoseTurn } from './head-pose-field.ts';
import { MOUTH_SHADOW, MouthInterior, type InteriorState, type MouthPoint, type Tint } from './mouth-interior.ts';
import type { MouthShape } from './mouth-shape.ts';
import { sourceOf, type LayerSampler, type NodeOffsets, type PatchShader } from './pixel-patch.ts';
import { bell, clamp, smoothstep } from './shaping.ts';

/** Beyond this distance from the lips' edges the compositor's single layer is right, in millimetres. */
const REACH_MM = 4.5;

/** Softness of a lip's edge, in millimetres. */
const EDGE_MM = 0.8;

/** Gaps up to this are not drawn. */
const HAIRLINE_MM = 0.25;

/** What a mouth is drawn from. */
export interface MouthParts {
  readonly frame: FaceFrame;
  readonly mouth: MouthShape;
  readonly interior: MouthInterior;
  readonly sampler: LayerSampler;
  /** Line where closed lips meet. */
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
}

/** Draws lips and mouth interior from the two layers over the warped picture. */
export class MouthShader implements PatchShader {
  readonly #parts: MouthParts;
  readonly #place = new Float64Array(2);
  readonly #lower = new Float64Array(4);
  readonly #photo = new Float64Array(4);
  readonly #point: MouthPoint = { u: 0, v: 0 };
  readonly #tint: Tint = { y: 0, u: 0, v: 0 };
  #state: MouthState = { jawMm: 0, tongue: 0, rounding: 0, close: 1 };
  #upperNodes: NodeOffsets | undefined;
  #lowerNodes: NodeOffsets | undefined;
  /** Undoes the pose for the teeth: u = uu·u′ + uv·v′ + u0, likewise v. */
  readonly #undo = { uu: 1, uv: 0, u0: 0, vu: 0, vv: 1, v0: 0 };

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
    const place = this.#place;
    sourceOf(this.#upperNodes, xPx, yPx, place);
    const [upperX, upperY] = [place[0]!, place[1]!];
    sourceOf(this.#lowerNodes, xPx, yPx, place);
    const [lowerX, lowerY] = [place[0]!, place[1]!];
    const upperU = uOf(frame, upperX, upperY);
    const belowUpper = vOf(frame, upperX, upperY) - heightAt(mouth.upper, upperU);
    const belowLower = vOf(frame, lowerX, lowerY) - heightAt(mouth.lower, uOf(frame, lowerX, lowerY));
    if (belowLower > REACH_MM || (belowUpper < -REACH_MM && belowLower < 0)) {
      const lower = belowLower > REACH_MM;
      sampler.foreground(lower ? lowerX : upperX, lower ? lowerY : upperY, out);
      sampler.over(xPx, yPx, out);
      return false;
    }
    const opening = clamp((belowUpper - belowLower) / 5, 0, 1) * this.#state.close;
    sampler.foreground(upperX, upperY, out);
    sampler.foreground(lowerX, lowerY, this.#lower);
    // Lips that touch share the pixel exactly: nothing of the inside can show along a closed mouth.
    const lower = clamp(0.5 + belowLower / EDGE_MM, 0, 1);
    const apart = clamp(0.5 - belowUpper / EDGE_MM, 0, 1);
    // Beyond the corners there is no opening: what the grid leaves between the layers there is skin.
    // A gap finer than a pixel would show as a broken line: it fades in.
    const between = clamp(Math.min(upperU - mouth.leftMm, mouth.rightMm - upperU) + 0.5, 0, 1)
      * smoothstep(HAIRLINE_MM, 1, belowUpper - belowLower);
    const upper = 1 - lower - Math.max(0, 1 - lower - apart) * between;
    shadeLip(out, 1 - 0.3 * bell(belowUpper, 1) * opening, upper);
    addLip(this.#lower, 1 - 0.18 * bell(belowLower, 1) * opening, lower, out);
    if (upper + lower < 1) {
      this.#addInterior({ xPx, yPx, belowUpper, belowLower, share: 1 - upper - lower }, out);
    }
    sampler.over(xPx, yPx, out);
    return true;
  }

  #addInterior(at: { readonly xPx: number; readonly yPx: number; readonly belowUpper: number; readonly belowLower: number; readonly share: number }, out: Float64Array): void {
    const { frame, mouth, interior, meeting } = this.#parts;
    const tint = this.#tint;
    const undo = this.#undo;
    const turnedU = uOf(frame, at.xPx, at.yPx);
    const turnedV = vOf(frame, at.xPx, at.yPx);
    const u = undo.uu * turnedU + undo.uv * turnedV + undo.u0;
    const v = undo.vu * turnedU + undo.vv * turnedV + undo.v0;
    this.#point.u = u - mouth.centreMm;
    this.#point.v = v - 0.5 * heightAt(meeting, u);
    interior.shade(this.#point, this.#state, tint);
    if (mouth.open) {
      this.#photoTeeth(u, v, tint);
    }
    const shadow = MouthInterior.light(this.#state) * (1 - this.#state.close * (1 - (0.8 + 0.2 * clamp(at.belowUpper / 2, 0, 1)) * (0.85 + 0.15 * clamp(-at.belowLower / 2.5, 0, 1))));
    out[0]! += (16 + tint.y * shadow + MOUTH_SHADOW.y * (1 - shadow)) * at.share;
    out[1]! += (128 + tint.u * shadow + MOUTH_SHADOW.u * (1 - shadow)) * at.share;
    out[2]! += (128 + tint.v * shadow + MOUTH_SHADOW.v * (1 - shadow)) * at.share;
    out[3]! += 255 * at.share;
  }

  /** The photo's own teeth stay where the skull has them. */
  #photoTeeth(u: number, v: number, tint: Tint): void {
    const { frame, mouth, sampler } = this.#parts;
    const lower = heightAt(mouth.lower, u);
    const share = clamp(0.5 - (v - lower) / 0.7, 0, 1);
    if (share <= 0) {
      return;
    }
    // Behind the upper lip nothing is known: the row at its edge goes on.
    const seen = Math.max(v, heightAt(mouth.upper, u) + 0.4);
    sampler.foreground(xOf(frame, u, seen), yOf(frame, u, seen), this.#photo);
    tint.y += (this.#photo[0]! - 16 - tint.y) * share;
    tint.u += (this.#photo[1]! - 128 - tint.u) * share;
    tint.v += (this.#photo[2]! - 128 - tint.v) * share;
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

/** Darkens a premultiplied colour toward its black and takes a share of it. */
function shadeLip(colour: Float64Array, shade: number, share: number): void {
  const rest = (1 - shade) * (colour[3]! / 255);
  colour[0] = (colour[0]! * shade + 16 * rest) * share;
  colour[1] = (colour[1]! * shade + 128 * rest) * share;
  colour[2] = (colour[2]! * shade + 128 * rest) * share;
  colour[3]! *= share;
}

/** Adds a share of a darkened colour. */
function addLip(colour: Float64Array, shade: number, share: number, out: Float64Array): void {
  shadeLip(colour, shade, share);
  for (let channel = 0; channel < 4; channel += 1) {
    out[channel]! += colour[channel]!;
  }
}
