import { bell, clamp, smoothstep } from './shaping.ts';
import { colouring, luminanceOf } from './photo-luma.ts';
import type { PersonTones } from './person-tones.ts';
import { blueOf, lumaOf, redOf } from './picture-layers.ts';

/** A colour as differences from black: Y − 16, U − 128, V − 128. It can be scaled. */
export interface Tint {
  y: number;
  u: number;
  v: number;
}

/** Turns R, G, B into a tint. */
function tintOf(rgb: readonly [number, number, number]): Tint {
  return { y: lumaOf(...rgb) - 16, u: blueOf(...rgb) - 128, v: redOf(...rgb) - 128 };
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
const TONGUE = tintOf([134, 62, 71]);
const MOUTH_SHADOW = tintOf([74, 33, 24]);
const LIP_SHADOW = tintOf([62, 16, 12]);

/** A photo whose darkest tone is no brighter than this is clear. */
const CLEAR_DARK = 16;

/** Returns how much of the teeth is still seen, 1 to 0, behind lips pushed forward: little light passes them, more where they are wide open. */
export function teethSeen({ rounding, jawMm }: InteriorState): number {
  return 1 - smoothstep(0, 0.6, rounding) * (1 - 0.6 * smoothstep(6, 11, jawMm));
}

/** Distances of the gaps between teeth from the mid-line: incisors, canine, first molars. */
const UPPER_GAPS_MM = [0, 8.2, 14.8, 21.6, 28];
const LOWER_GAPS_MM = [0, 5.3, 10.9, 17, 23.5];

/** How much a gap's edge is cut into the row of teeth. */
const GAP_CUT_MM = 0.35;

/** What is known of one place inside the mouth; written again for every pixel. */
interface Spot {
  /** Distance from the mid-line in half mouth widths, and in millimetres. */
  across: number;
  acrossMm: number;
  /** 1 in the middle, 0 in the corners. */
  lateral: number;
  /** v of the upper teeth's edge. */
  upperEdge: number;
  /** Distance from the nearest gap between the teeth of a row. */
  fromGap: number;
  /** Part that the tongue covers. */
  tongue: number;
  /** How the next thing is laid over the colour: its light, and how much it covers. */
  light: number;
  share: number;
}

/** What the inside of a mouth is drawn from; colours are R, G, B of the photo. */
export interface InteriorParts {
  readonly halfWidthMm: number;
  readonly skin: readonly [number, number, number];
  readonly teeth: readonly [number, number, number];
  /** True when the photo shows its upper teeth: none are drawn. */
  readonly ownTeeth: boolean;
  /** The person's tones: nothing inside the mouth is darker than a hazy photo's darkest. */
  readonly tones: PersonTones;
}

/** Draws what is behind the lips: cavity, tongue, teeth fixed to skull and jaw, lit like the skin. */
export class MouthInterior {
  /** What shade inside the mouth looks like: light through lips and cheeks. */
  readonly shadow: Readonly<Tint>;
  /** What lips look like where no light falls on them. */
  readonly lipShadow: Readonly<Tint>;
  readonly #halfWidthMm: number;
  readonly #deep: Tint;
  readonly #front: Tint;
  readonly #tongue: Tint;
  readonly #teeth: Tint;
  readonly #ownTeeth: boolean;
  readonly #spot: Spot = { across: NaN, acrossMm: NaN, lateral: NaN, upperEdge: NaN, fromGap: NaN, tongue: NaN, light: NaN, share: NaN };

  constructor(parts: InteriorParts) {
    this.#halfWidthMm = parts.halfWidthMm;
    const light = clamp(luminanceOf(parts.skin) / 190, 0.35, 1.15);
    this.#ownTeeth = parts.ownTeeth;
    this.#teeth = tintOf(parts.teeth);
    const air = hazeOf(parts);
    const shade = Math.min(1, light);
    this.shadow = litTint(MOUTH_SHADOW, shade, air);
    this.lipShadow = litTint(LIP_SHADOW, shade, air);
    this.#deep = litTint(CAVITY_DEEP, light, air);
    this.#front = litTint(CAVITY_FRONT, light, air);
    this.#tongue = litTint(TONGUE, light, air);
  }

  /** Writes the colour of a place (u, v in millimetres): u from the middle of the lips, v below the line where closed lips meet; head fixed (the pose is undone, the jaw is not). */
  shade(at: Float64Array, state: InteriorState, out: Tint): void {
    const spot = this.#spot;
    spot.acrossMm = Math.abs(at[0]!);
    spot.across = spot.acrossMm / this.#halfWidthMm;
    spot.lateral = clamp(1 - spot.across * spot.across * spot.across, 0, 1);
    spot.upperEdge = 2.3 - 1.6 * spot.across * spot.across;
    const depth = clamp((at[1]! + 2) / (state.jawMm + 6), 0, 1);
    const deep = this.#deep;
    const front = this.#front;
    out.y = deep.y + (front.y - deep.y) * depth;
    out.u = deep.u + (front.u - deep.u) * depth;
    out.v = deep.v + (front.v - deep.v) * depth;
    this.#layTongue(at, state, out);
    if (spot.lateral > 0.02) {
      this.#layLowerTeeth(at, state, out);
      if (!this.#ownTeeth) {
        this.#layUpperTeeth(at, state, out);
      }
    }
  }

  #layTongue(at: Float64Array, state: InteriorState, out: Tint): void {
    const spot = this.#spot;
    const raised = state.tongue * (0.45 * state.jawMm + 2.5);
    const x = spot.across / 0.66;
    const y = (at[1]! - 6 - 0.76 * state.jawMm + raised) / (5.5 + 0.12 * state.jawMm);
    const round = x * x + y * y;
    spot.tongue = 1 - smoothstep(0.45, 1.1, round);
    spot.light = (1 - 0.55 * clamp(round, 0, 1)) * (1 - 0.1 * bell(at[0]!, 1.2));
    spot.share = spot.tongue;
    lay(out, this.#tongue, spot);
  }

  #layUpperTeeth(at: Float64Array, state: InteriorState, out: Tint): void {
    const spot = this.#spot;
    measureGap(spot, UPPER_GAPS_MM);
    spot.share = teethSeen(state) * clamp(0.5 - (at[1]! - spot.upperEdge + GAP_CUT_MM * bell(spot.fromGap, 0.7)) / 0.7, 0, 1);
    const under = 0.86 + 0.14 * clamp((at[1]! + 1.5) / 3.5, 0, 1);
    spot.light = (0.35 + 0.65 * spot.lateral) * (1 - 0.12 * bell(spot.fromGap, 0.4)) * under;
    this.#layTooth(out);
  }

  #layLowerTeeth(at: Float64Array, state: InteriorState, out: Tint): void {
    const spot = this.#spot;
    measureGap(spot, LOWER_GAPS_MM);
    const edge = 1.6 + 0.93 * state.jawMm - 0.07 * Math.min(state.jawMm, 5) + 0.9 * spot.across * spot.across + 0.5 * GAP_CUT_MM * bell(spot.fromGap, 0.8);
    const free = this.#ownTeeth ? 1 : clamp(0.5 + (at[1]! - spot.upperEdge) / 0.7, 0, 1);
    const fade = clamp(1 - (at[1]! - edge) / 9, 0.3, 1);
    spot.share = clamp(0.5 + (at[1]! - edge) / 0.8, 0, 1) * free * (1 - spot.tongue * state.tongue) * teethSeen(state);
    spot.light = 0.62 * (0.3 + 0.7 * spot.lateral) * (1 - 0.12 * bell(spot.fromGap, 0.35)) * fade;
    this.#layTooth(out);
  }

  /** Like `lay`, but the shade is warm: a tooth in it does not turn grey. */
  #layTooth(out: Tint): void {
    const { light, share } = this.#spot;
    const tooth = this.#teeth;
    const { shadow } = this;
    out.y += (tooth.y * light + shadow.y * (1 - light) - out.y) * share;
    out.u += (tooth.u * light + shadow.u * (1 - light) - out.u) * share;
    out.v += (tooth.v * light + shadow.v * (1 - light) - out.v) * share;
  }
}

function measureGap(spot: Spot, gapsMm: readonly number[]): void {
  let nearest = 0;
  while (nearest < gapsMm.length - 1 && spot.acrossMm > (gapsMm[nearest]! + gapsMm[nearest + 1]!) / 2) {
    nearest += 1;
  }
  spot.fromGap = Math.abs(spot.acrossMm - gapsMm[nearest]!);
}

/** What the photo makes of a colour: how much of the colouring and of the contrast is left, and the luma of its darkest tone over black. */
interface Haze {
  readonly colour: number;
  readonly contrast: number;
  readonly dark: number;
}

function hazeOf({ skin, tones }: InteriorParts): Haze {
  const dark = Math.min(0.7 * luminanceOf(skin), Math.max(0, tones.dark - CLEAR_DARK));
  const contrast = 1 - dark / Math.max(1, luminanceOf(skin));
  return { colour: colouring(skin) * contrast, contrast, dark: lumaOf(dark, dark, dark) - 16 };
}

/** A colour in so much light, seen through the photo's haze. */
function litTint(tint: Tint, light: number, { colour, contrast, dark }: Haze): Tint {
  return { y: dark + tint.y * light * contrast, u: tint.u * light * colour, v: tint.v * light * colour };
}

function lay(out: Tint, over: Readonly<Tint>, { light, share }: Readonly<Spot>): void {
  out.y += (over.y * light - out.y) * share;
  out.u += (over.u * light - out.u) * share;
  out.v += (over.v * light - out.v) * share;
}
