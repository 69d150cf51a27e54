import { heightAt } from './curve.ts';
import type { MouthShape } from './mouth-shape.ts';
import { bell, clamp, smoothstep } from './shaping.ts';

/** Which of the two layers a place belongs to: the skull's with the upper lip, or the jaw's with the lower lip. */
export type Layer = 'upper' | 'lower';

/**
 * The coefficients that displace the face, in the order of the bases: those of `FACE_COEFFICIENTS` that are linear,
 * and `close`, which brings the lips of a photo that shows its teeth together.
 */
export const FIELD_COEFFICIENTS = [
  'jaw', 'pucker', 'funnel', 'smile', 'stretch', 'upperUp', 'lowerDown', 'press', 'tuck', 'brow', 'close',
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
  /** From the lips to the chin. */
  readonly chin: number;
  readonly layer: Layer;
}

type Profile = (place: MouthPlace, shift: Shift) => void;

/** How much of the jaw's way the corners go. */
const CORNER_SHARE = 0.36;

/** Share of the photo's own opening that the lower lip closes; the upper one does the rest. */
const LOWER_CLOSING_SHARE = 0.58;

/** How much of a smile a toothy portrait loses when its lips close. */
const SMILE_EASED = 0.3;

const jaw: Profile = (p, shift) => {
  const sides = bell(p.out, 16);
  if (p.layer === 'lower') {
    const seam = p.au < 1 ? CORNER_SHARE + (1 - CORNER_SHARE) * p.lip : CORNER_SHARE * sides;
    const chin = Math.exp(-((Math.abs(p.u) / (1.75 * p.halfWidth)) ** 4));
    const low = smoothstep(0, 0.55 * p.chin, p.h);
    const neck = 1 - smoothstep(p.chin - 2, p.chin + 50, p.h);
    shift.dv += (seam * (1 - low) + 0.95 * chin * low) * neck;
  } else {
    const seam = p.au < 1 ? CORNER_SHARE * (1 - p.lip) : CORNER_SHARE * sides;
    shift.dv += seam * bell(Math.min(p.h, 0), 14) - 0.06 * p.lip * bell(p.h, 9);
  }
  shift.du -= 0.1 * p.side * bell((p.au - 1) * p.halfWidth, 9) * bell(p.h, 14);
};

const pucker: Profile = (p, shift) => {
  const w = Math.exp(-((Math.abs(p.u) / (1.55 * p.halfWidth)) ** 4)) * bell(p.h, p.h < 0 ? 17 : 22);
  shift.du -= 0.36 * p.u * w;
  shift.dv += 0.16 * p.h * bell(p.h, 13) * bell(p.au, 1.1);
};

const funnel: Profile = (p, shift) => {
  shift.du -= 0.22 * p.u * Math.exp(-((Math.abs(p.u) / (1.5 * p.halfWidth)) ** 4)) * bell(p.h, 20);
  shift.dv += p.layer === 'lower' ? 3.2 * p.lip * bell(p.h, 16) : -0.8 * p.lip * bell(p.h, 12);
};

const smile: Profile = (p, shift) => {
  const fade = bell(p.h, p.h < 0 ? 24 : 20);
  shift.du += 5.5 * p.side * smoothstep(0.15, 1, p.au) * bell(p.out, 19) * fade;
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
  jaw, pucker, funnel, smile, stretch, upperUp, lowerDown, press, tuck,
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
      lip: au < 1 ? (1 - au ** 2.1) ** 0.85 : 0,
      out: Math.max(0, Math.abs(scaled) - mouth.halfWidthMm),
      side: Math.sign(scaled),
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

  /** Each lip goes its share of the photo's opening in its own column, so that the edges meet all along. */
  #close(layer: Layer, at: { readonly u: number; readonly v: number }, shift: Shift): void {
    const mouth = this.#mouth;
    const gap = Math.max(0, heightAt(mouth.lower, at.u) - heightAt(mouth.upper, at.u));
    const place = this.#place(layer, at.u, at.v);
    if (layer === 'upper') {
      shift.dv = gap * (1 - LOWER_CLOSING_SHARE) * bell(Math.min(place.h, 0), 15);
    } else {
      // The red of the lip travels whole; the skin between it and the chin stretches.
      const fade = 1 - smoothstep(6, clamp(0.95 * place.chin, 14, 60), place.h);
      shift.dv = -gap * LOWER_CLOSING_SHARE * fade;
    }
    const relaxed: Shift = { du: 0, dv: 0 };
    smile(place, relaxed);
    shift.du -= SMILE_EASED * relaxed.du / this.#widening(at.u);
    shift.dv -= SMILE_EASED * relaxed.dv;
  }
}
