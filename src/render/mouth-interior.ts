import { bell, clamp, smoothstep } from './shaping.ts';
import { blueOf, lumaOf, redOf } from './picture-layers.ts';

/** A colour as differences from black: Y − 16, U − 128, V − 128. It can be scaled. */
export interface Tint {
  y: number;
  u: number;
  v: number;
}

/** Turns R, G, B into a tint. */
export function tintOf(rgb: readonly [number, number, number]): Tint {
  return { y: lumaOf(...rgb) - 16, u: blueOf(...rgb) - 128, v: redOf(...rgb) - 128 };
}

/** A place inside the mouth; millimetres, head fixed (the pose is undone, the jaw is not). */
export interface MouthPoint {
  /** From the middle of the lips. */
  u: number;
  /** Below the line where closed lips meet. */
  v: number;
}

/** What the inside of the mouth does. */
export interface InteriorState {
  /** 0..1: lips pushed forward, which keeps the light out. */
  rounding: number;
  /** Way of the lower lip in millimetres. */
  jawMm: number;
  /** 0..1: tip of the tongue raised. */
  tongue: number;
}

/** Colours before the light of the photo. */
const CAVITY_DEEP = tintOf([20, 7, 10]);
const CAVITY_FRONT = tintOf([46, 16, 24]);
const TONGUE = tintOf([150, 72, 84]);
/** What shade inside the mouth looks like: light through lips and cheeks. */
export const MOUTH_SHADOW: Readonly<Tint> = Object.freeze(tintOf([74, 30, 26]));

const TEETH_RGB = [232, 215, 190] as const;

/** Distances of the gaps between teeth from the mid-line: incisors, canine, first molars. */
const UPPER_GAPS_MM = [0, 8.2, 14.8, 21.6, 28];
const LOWER_GAPS_MM = [0, 5.3, 10.9, 17, 23.5];

/** How much a gap's edge is cut into the row of teeth. */
const GAP_CUT_MM = 0.35;

/** Draws what is behind the lips: cavity, tongue, teeth fixed to skull and jaw, lit like the skin. */
export class MouthInterior {
  readonly #halfWidthMm: number;
  readonly #light: number;
  readonly #teeth: Tint;
  /** Height of the drawn upper teeth's edge in the middle; undefined when the photo shows its own. */
  readonly #ownTeeth: boolean;

  constructor(parts: { readonly halfWidthMm: number; readonly skin: readonly [number, number, number]; readonly ownTeeth: boolean }) {
    const [r, g, b] = parts.skin;
    const luminance = 0.299 * r + 0.587 * g + 0.114 * b;
    this.#halfWidthMm = parts.halfWidthMm;
    this.#light = clamp(luminance / 190, 0.35, 1.15);
    this.#ownTeeth = parts.ownTeeth;
    const mixed = TEETH_RGB.map((value, index) => 0.8 * value + 0.2 * parts.skin[index]!) as [number, number, number];
    this.#teeth = scaled(tintOf(mixed), Math.max(this.#light, 0.95) * teethLight(luminance));
  }

  /** Writes the colour of a place. */
  shade(at: MouthPoint, state: InteriorState, out: Tint): void {
    const across = Math.abs(at.u) / this.#halfWidthMm;
    const lateral = clamp(1 - across ** 3, 0, 1);
    const depth = clamp((at.v + 2) / (state.jawMm + 6), 0, 1);
    out.y = (CAVITY_DEEP.y + (CAVITY_FRONT.y - CAVITY_DEEP.y) * depth) * this.#light;
    out.u = (CAVITY_DEEP.u + (CAVITY_FRONT.u - CAVITY_DEEP.u) * depth) * this.#light;
    out.v = (CAVITY_DEEP.v + (CAVITY_FRONT.v - CAVITY_DEEP.v) * depth) * this.#light;
    const tongue = this.#tongue(at, state, out);
    const upperEdge = 2.3 - 1.6 * across * across;
    if (lateral > 0.02) {
      this.#lowerTeeth(at, { jawMm: state.jawMm, lateral, upperEdge, covered: tongue * state.tongue }, out);
      if (!this.#ownTeeth) {
        this.#upperTeeth(at, lateral, upperEdge, out);
      }
    }
  }

  /** Returns how much of the light comes in, 0..1. */
  static light(state: InteriorState): number {
    return 1 - 0.25 * clamp(state.rounding, 0, 1);
  }

  /** Draws the tongue; returns how much it covers. */
  #tongue(at: MouthPoint, state: InteriorState, out: Tint): number {
    const raised = state.tongue * (0.45 * state.jawMm + 2.5);
    const centre = 6 + 0.68 * state.jawMm - raised;
    const round = (at.u / (0.66 * this.#halfWidthMm)) ** 2 + ((at.v - centre) / (5.5 + 0.12 * state.jawMm)) ** 2;
    const share = 1 - smoothstep(0.75, 1.1, round);
    const shade = (1 - 0.35 * clamp(round, 0, 1)) * (1 - 0.1 * Math.exp(-((at.u / 1.2) ** 2))) * this.#light;
    blend(out, TONGUE, shade, share);
    return share;
  }

  #upperTeeth(at: MouthPoint, lateral: number, edge: number, out: Tint): void {
    const away = fromGap(Math.abs(at.u), UPPER_GAPS_MM);
    const share = clamp(0.5 - (at.v - edge + GAP_CUT_MM * bell(away, 0.7)) / 0.7, 0, 1);
    const under = 0.86 + 0.14 * clamp((at.v + 1.5) / 3.5, 0, 1);
    blendTooth(out, this.#teeth, (0.35 + 0.65 * lateral) * (1 - 0.12 * bell(away, 0.4)) * under, share);
  }

  #lowerTeeth(at: MouthPoint, place: { readonly jawMm: number; readonly lateral: number; readonly upperEdge: number; readonly covered: number }, out: Tint): void {
    const across = at.u / this.#halfWidthMm;
    const away = fromGap(Math.abs(at.u), LOWER_GAPS_MM);
    const edge = 0.4 + 0.93 * place.jawMm - 0.07 * Math.min(place.jawMm, 5) + 0.9 * across * across + 0.5 * GAP_CUT_MM * bell(away, 0.8);
    const free = this.#ownTeeth ? 1 : clamp(0.5 + (at.v - place.upperEdge) / 0.7, 0, 1);
    const share = clamp(0.5 + (at.v - edge) / 0.8, 0, 1) * free * (1 - place.covered);
    const fade = clamp(1 - (at.v - edge) / 9, 0.3, 1);
    blendTooth(out, this.#teeth, 0.62 * (0.3 + 0.7 * place.lateral) * (1 - 0.12 * bell(away, 0.35)) * fade, share);
  }
}

/** Distance from the nearest gap between teeth. */
function fromGap(across: number, gaps: readonly number[]): number {
  let nearest = Infinity;
  for (const gap of gaps) {
    nearest = Math.min(nearest, Math.abs(across - gap));
  }
  return nearest;
}

/** Teeth in a dark photo are darker than its skin's light alone would make them. */
function teethLight(luminance: number): number {
  return clamp(0.55 + luminance / 330, 0.6, 1);
}

function scaled(tint: Tint, factor: number): Tint {
  return { y: tint.y * factor, u: tint.u * factor, v: tint.v * factor };
}

function blend(out: Tint, over: Tint, shade: number, share: number): void {
  out.y += (over.y * shade - out.y) * share;
  out.u += (over.u * shade - out.u) * share;
  out.v += (over.v * shade - out.v) * share;
}

/** Like `blend`, but the shade is warm: a tooth in it does not turn grey. */
function blendTooth(out: Tint, tooth: Tint, shade: number, share: number): void {
  out.y += (tooth.y * shade + MOUTH_SHADOW.y * (1 - shade) - out.y) * share;
  out.u += (tooth.u * shade + MOUTH_SHADOW.u * (1 - shade) - out.u) * share;
  out.v += (tooth.v * shade + MOUTH_SHADOW.v * (1 - shade) - out.v) * share;
}
