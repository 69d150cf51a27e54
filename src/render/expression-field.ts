import { heightAt } from './curve.ts';
import type { MouthShape } from './mouth-shape.ts';
import { bell, clamp, smoothstep } from './shaping.ts';

/** Which of the two layers a place belongs to: the skull's with the upper lip, or the jaw's with the lower lip. */
export type Layer = 'upper' | 'lower';

/**
 * The coefficients that displace the face, in the order of the bases: those of `FACE_COEFFICIENTS` that are linear, and what follows from them:
 * `close` brings the lips of a photo that shows its teeth together, `purse` (millimetres of the jaw's way) keeps lips that are rounded
 * shut at the sides, and `hang` (millimetres) lets both hang over the teeth.
 */
export const FIELD_COEFFICIENTS = [
  'jaw', 'pucker', 'funnel', 'smile', 'stretch', 'upperUp', 'lowerDown', 'press', 'tuck', 'brow', 'close', 'purse', 'hang',
] as const;

/** Name of a displacing coefficient. */
export type FieldCoefficient = (typeof FIELD_COEFFICIENTS)[number];

/** Displacement in millimetres of the face frame. */
export interface Shift {
  du: number;
  dv: number;
}

/** What the field needs to know of a face besides its mouth. */
export interface BrowPlace {
  /** u of the eye's middle. */
  readonly centreMm: number;
  /** v of the brow's lower edge. */
  readonly heightMm: number;
  /** How much of the motion it makes, 0..1. */
  readonly share: number;
}

/** A place as the profiles see it; millimetres. */
interface MouthPlace {
  /** From the middle of the lips, stretched to a frontal view. */
  readonly u: number;
  readonly v: number;
  /** Below the lip's edge of its layer. */
  readonly h: number;
  /** |u| in half mouth widths. */
  readonly au: number;
  /** 1 in the middle of the lips, 0 from the corners on. */
  readonly lip: number;
  /** Beyond the corner. */
  readonly out: number;
  readonly side: number;
  readonly halfWidth: number;
  /** u from the middle when the photo's own smile is eased. */
  readonly restU: number;
  /** From the lips to the chin. */
  readonly chin: number;
  readonly layer: Layer;
}

type Profile = (place: MouthPlace, shift: Shift) => void;

/** How much of the jaw's way the corners go. */
const CORNER_SHARE = 0.36;

/** When the upper lip closes, what stretches reaches this far into the base of the nose, and at least this far up from the lip's edge. */
const INTO_NOSE_MM = 2;
const LEAST_LIP_MM = 8;

/** Lips stick together beyond this share of the way to the corners, and rounded ones beyond this. */
const STICKY_SHARE = 0.97;
const PURSED_SHARE = 0.62;

/** The sides of rounded lips meet lower than the corners by up to this share of the jaw's way. */
const MEETING_LOWER = 0.12;

/** How far a smile draws each corner out, in millimetres. */
export const SMILE_WIDENING_MM = 5.5;

/** Returns 1 in the middle of an opening, 0 from its ends on; the rounder, the smaller the power. */
function lipProfile(along: number, power: number): number {
  return along < 1 ? (1 - along ** 2.1) ** power : 0;
}

/** Share of the jaw's way that both lips go beside the opening: they take the corners along. */
function cornerWay(p: MouthPlace): number {
  return CORNER_SHARE * (p.au < 1 ? 1 - p.lip : bell(p.out, 16));
}

const jaw: Profile = (p, shift) => {
  if (p.layer === 'lower') {
    const chin = Math.exp(-((Math.abs(p.u) / (1.5 * p.halfWidth)) ** 4));
    const low = chinShare(p);
    const neck = 1 - smoothstep(p.chin - 2, p.chin + 50, p.h);
    shift.dv += ((p.lip + cornerWay(p)) * (1 - low) + 0.95 * chin * low) * neck;
  } else {
    shift.dv += cornerWay(p) * bell(Math.min(p.h, 0), 14) - 0.06 * p.lip * bell(p.h, 9);
  }
  shift.du -= 0.14 * p.side * bell((p.au - 1) * p.halfWidth, 9) * bell(p.h, 14);
};

/** How much a place below the lower lip goes with the chin rather than with the lip. */
function chinShare(p: MouthPlace): number {
  return smoothstep(0, 0.55 * p.chin, p.h);
}

/** Profile of the opening that rounded lips leave. */
function roundProfile(p: MouthPlace): number {
  return lipProfile(p.au / PURSED_SHARE, 0.6);
}

const purse: Profile = (p, shift) => {
  const narrow = roundProfile(p);
  // The sides meet half-way, so that the opening is round above and below.
  const meeting = (CORNER_SHARE + MEETING_LOWER * p.lip) * (1 - narrow);
  shift.dv += p.layer === 'lower'
    ? (meeting + narrow - CORNER_SHARE - (1 - CORNER_SHARE) * p.lip) * (1 - chinShare(p))
    : (meeting - CORNER_SHARE * (1 - p.lip)) * bell(p.h, 14);
};

const hang: Profile = (p, shift) => {
  shift.dv += p.lip * (p.layer === 'lower' ? 1 - chinShare(p) : bell(p.h, 12));
};

/** Share of the mouth's width that each kind of rounding takes away. */
export const NARROWED_SHARE = Object.freeze({ pucker: 0.36, funnel: 0.24 });

const pucker: Profile = (p, shift) => {
  const w = Math.exp(-((Math.abs(p.u) / (1.45 * p.halfWidth)) ** 4)) * bell(p.h, p.h < 0 ? 17 : 22);
  shift.du -= NARROWED_SHARE.pucker * p.restU * w;
  shift.dv += 0.26 * p.h * bell(p.h, 11) * bell(p.au, 1.1);
};

const funnel: Profile = (p, shift) => {
  shift.du -= NARROWED_SHARE.funnel * p.restU * Math.exp(-((Math.abs(p.u) / (1.45 * p.halfWidth)) ** 4)) * bell(p.h, 20);
  shift.dv += p.layer === 'lower' ? 2.4 * roundProfile(p) * bell(p.h, 16) : -1.6 * roundProfile(p) * bell(p.h, 12);
};

const smile: Profile = (p, shift) => {
  const fade = bell(p.h, p.h < 0 ? 24 : 20);
  shift.du += SMILE_WIDENING_MM * p.side * smoothstep(0.15, 1, p.au) * bell(p.out, 19) * fade;
  shift.dv += -4.6 * smoothstep(0.35, 1.05, p.au) * bell(p.out, 17) * fade + 0.8 * p.lip * bell(p.h, 10);
  for (const cheek of [-38, 38]) {
    shift.dv -= 2.4 * bell(p.u - cheek, 17) * bell(p.v + 26, 15);
  }
};

const stretch: Profile = (p, shift) => {
  shift.du += 4.5 * p.side * smoothstep(0.1, 1, p.au) * bell(p.out, 17) * bell(p.h, 20);
  shift.dv -= 0.12 * p.h * bell(p.h, 10) * bell(p.au, 1);
};

const upperUp: Profile = (p, shift) => {
  if (p.layer === 'upper') {
    shift.dv -= 4 * p.lip * bell(p.h, 13);
  }
};

const lowerDown: Profile = (p, shift) => {
  if (p.layer === 'lower') {
    shift.dv += 5 * p.lip * bell(p.h, 14);
  }
};

const press: Profile = (p, shift) => {
  shift.dv -= 0.3 * p.h * bell(p.h, 8) * Math.exp(-(p.au ** 4));
};

const tuck: Profile = (p, shift) => {
  if (p.layer === 'lower') {
    // Up to the teeth's edge, which lies below closed lips, and rolled in.
    shift.dv -= 0.8 * p.lip * bell(p.h, 12) + 0.3 * p.lip * p.h * bell(p.h, 7);
  }
};

const MOUTH_PROFILES: Readonly<Partial<Record<FieldCoefficient, Profile>>> = {
  jaw, pucker, funnel, smile, stretch, upperUp, lowerDown, press, tuck, purse, hang,
};

/**
 * The displacement in millimetres that one unit of a coefficient gives a place of a layer.
 * Formulas fitted by eye on portraits; `h` is measured from the edge of the layer's own lip, so the two layers agree wherever lips touch.
 */
export class ExpressionField {
  readonly #mouth: MouthShape;
  readonly #brows: readonly BrowPlace[];

  constructor(mouth: MouthShape, brows: readonly BrowPlace[]) {
    this.#mouth = mouth;
    this.#brows = brows;
  }

  /** Writes the displacement of the place (u, v) at coefficient 1 into `shift`. */
  unitShift(coefficient: FieldCoefficient, layer: Layer, at: { readonly u: number; readonly v: number }, shift: Shift): void {
    shift.du = 0;
    shift.dv = 0;
    if (coefficient === 'brow') {
      this.#brow(at.u, at.v, shift);
      return;
    }
    if (coefficient === 'close') {
      this.#close(layer, at, shift);
      return;
    }
    const place = this.#place(layer, at.u, at.v);
    MOUTH_PROFILES[coefficient]?.(place, shift);
    shift.du /= this.#widening(at.u);
  }

  /** True where a place belongs to the lower layer when only one can be shown. */
  isLower(u: number, v: number): boolean {
    return v > (heightAt(this.#mouth.upper, u) + heightAt(this.#mouth.lower, u)) / 2;
  }

  /** A turned face is narrower on the far side of the lips; profiles are evaluated as if it were not. */
  #widening(u: number): number {
    const { centreMm, leftMm, rightMm, halfWidthMm } = this.#mouth;
    return halfWidthMm / (u < centreMm ? centreMm - leftMm : rightMm - centreMm);
  }

  #place(layer: Layer, u: number, v: number): MouthPlace {
    const mouth = this.#mouth;
    const edge = layer === 'upper' ? mouth.upper : mouth.lower;
    const scaled = (u - mouth.centreMm) * this.#widening(u);
    const au = Math.abs(scaled) / mouth.halfWidthMm;
    return {
      u: scaled,
      v,
      h: v - heightAt(edge, u),
      au,
      lip: lipProfile(au / STICKY_SHARE, 0.85),
      out: Math.max(0, Math.abs(scaled) - mouth.halfWidthMm),
      side: Math.sign(scaled),
      restU: scaled * (1 - (mouth.smile * SMILE_WIDENING_MM) / mouth.halfWidthMm),
      halfWidth: mouth.halfWidthMm,
      chin: mouth.chinMm - heightAt(mouth.lower, mouth.centreMm),
      layer,
    };
  }

  #brow(u: number, v: number, shift: Shift): void {
    for (const brow of this.#brows) {
      shift.dv -= 5 * brow.share * bell(u - brow.centreMm, 22) * bell(v - brow.heightMm, v > brow.heightMm ? 6.5 : 22);
    }
  }

  /** Each lip goes its share of the photo's opening in its own column, so that the edges meet all along; the smile and the jaw that opened them go back. */
  #close(layer: Layer, at: { readonly u: number; readonly v: number }, shift: Shift): void {
    const mouth = this.#mouth;
    const edge = heightAt(mouth.upper, at.u);
    const gap = Math.max(0, heightAt(mouth.lower, at.u) - edge);
    const place = this.#place(layer, at.u, at.v);
    if (layer === 'upper') {
      // From the nose to its edge the lip gets longer and its red thicker, as a smile had made them short and thin.
      const up = clamp(-place.h / Math.max(LEAST_LIP_MM, edge - mouth.noseMm + INTO_NOSE_MM), 0, 1);
      shift.dv = gap * mouth.upperShare * (1 - up) ** 1.25;
    } else {
      // The red of the lip travels whole; the skin between it and the chin stretches.
      const fade = 1 - smoothstep(6, clamp(0.95 * place.chin, 14, 60), place.h);
      shift.dv = -gap * (1 - mouth.upperShare) * fade;
    }
    shift.dv -= mouth.jawMm * cornerWay(place) * (layer === 'lower' ? 1 - chinShare(place) : bell(Math.min(place.h, 0), 14));
    const relaxed: Shift = { du: 0, dv: 0 };
    smile(place, relaxed);
    shift.du -= (mouth.smile * relaxed.du) / this.#widening(at.u);
    shift.dv -= mouth.smile * relaxed.dv;
  }
}
