import { FACE_INDEX } from '../base/motion-frame.ts';
import { FIELD_COEFFICIENTS, NARROWED_SHARE, type FieldCoefficient } from './expression-field.ts';
import type { MouthShape } from './mouth-shape.ts';
import { clamp } from './shaping.ts';

/** Widest opening of the jaw, in millimetres and in half mouth widths: a small mouth would get too long a chin. */
const JAW_LIMIT_MM = 18;
const JAW_LIMIT_SHARE = 0.52;

/**
 * A row of teeth in view makes a small opening of a smiling mouth look wider than it is, and a wide one less wide: below `EVEN_MM`
 * such a portrait's jaw goes less far, above it farther, by a fifth at most in the vowels (2.5 to 14 mm).
 */
const SMILE_CONTRAST = 0.4;
const EVEN_MM = 4;

/** Rounded lips take this much of a toothy portrait's smile away beyond what closing does. */
const SMILE_LOST = 0.2;

/** Lips do not narrow the mouth by more than this share of its width, pucker and funnel together. */
const MOST_NARROWED_SHARE = 0.38;

/** Rounded lips hang so far over the teeth, in millimetres. */
const HANG_MM = 1.8;

/** Index of each coefficient among `FIELD_COEFFICIENTS`. */
export const FIELD_INDEX: Readonly<Record<FieldCoefficient, number>> = Object.freeze(
  Object.fromEntries(FIELD_COEFFICIENTS.map((name, index) => [name, index])),
) as Readonly<Record<FieldCoefficient, number>>;

const PASSED = ['pucker', 'funnel', 'stretch', 'upperUp', 'lowerDown', 'press', 'tuck'] as const;

/**
 * Writes the field's coefficients for an expression (`FACE_COEFFICIENTS`), held to their ranges.
 * Jaw 0 means touching lips in every face, and 4 mm part them by 4 mm in every face. A photo that shows its teeth is brought there by `close`, and `smile` brings its own smile back.
 */
export function fieldCoefficients(expression: Float32Array, mouth: MouthShape, out: Float32Array): void {
  for (const name of PASSED) {
    out[FIELD_INDEX[name]] = clamp(expression[FACE_INDEX[name]]!, 0, 1);
  }
  limitRounding(out);
  const smile = clamp(expression[FACE_INDEX.smile]!, 0, 1);
  out[FIELD_INDEX.jaw] = clamp(contrasted(expression[FACE_INDEX.jaw]!, mouth.smile), 0, Math.min(JAW_LIMIT_MM, JAW_LIMIT_SHARE * mouth.halfWidthMm));
  out[FIELD_INDEX.brow] = clamp(expression[FACE_INDEX.brow]!, -1, 1);
  const rounding = Math.max(out[FIELD_INDEX.pucker]!, out[FIELD_INDEX.funnel]!);
  out[FIELD_INDEX.smile] = mouth.open ? -SMILE_LOST * rounding : smile;
  out[FIELD_INDEX.close] = mouth.open ? 1 - smile : 0;
  out[FIELD_INDEX.hang] = HANG_MM * Math.max(out[FIELD_INDEX.pucker]!, 0.4 * out[FIELD_INDEX.funnel]!);
  out[FIELD_INDEX.purse] = rounding * out[FIELD_INDEX.jaw]!;
}

function limitRounding(out: Float32Array): void {
  const { pucker, funnel } = FIELD_INDEX;
  const share = NARROWED_SHARE.pucker * out[pucker]! + NARROWED_SHARE.funnel * out[funnel]!;
  const part = MOST_NARROWED_SHARE / Math.max(share, MOST_NARROWED_SHARE);
  out[pucker]! *= part;
  out[funnel]! *= part;
}

function contrasted(jawMm: number, smile: number): number {
  return jawMm * (1 + (SMILE_CONTRAST * smile * (jawMm - EVEN_MM)) / (Math.max(0, jawMm) + EVEN_MM));
}
