import { FACE_INDEX } from '../base/motion-frame.ts';
import { FIELD_COEFFICIENTS, type FieldCoefficient } from './expression-field.ts';
import type { MouthShape } from './mouth-shape.ts';
import { clamp } from './shaping.ts';

/** Widest opening of the jaw, in millimetres and in half mouth widths: a small mouth would get too long a chin. */
const JAW_LIMIT_MM = 18;
const JAW_LIMIT_SHARE = 0.52;

/** Rounded lips take this much of a toothy portrait's smile away beyond what closing does. */
const SMILE_LOST = 0.2;

/** Rounded lips hang so far over the teeth, in millimetres. */
const HANG_MM = 1.8;

/** Index of each coefficient among `FIELD_COEFFICIENTS`. */
export const FIELD_INDEX: Readonly<Record<FieldCoefficient, number>> = Object.freeze(
  Object.fromEntries(FIELD_COEFFICIENTS.map((name, index) => [name, index])),
) as Readonly<Record<FieldCoefficient, number>>;

const PASSED = ['pucker', 'funnel', 'stretch', 'upperUp', 'lowerDown', 'press', 'tuck'] as const;

/**
 * Writes the field's coefficients for an expression (`FACE_COEFFICIENTS`), held to their ranges.
 * Jaw 0 means touching lips in every face. A photo that shows its teeth is brought there by `close`, and `smile` brings its own smile back.
 */
export function fieldCoefficients(expression: Float32Array, mouth: MouthShape, out: Float32Array): void {
  for (const name of PASSED) {
    out[FIELD_INDEX[name]] = clamp(expression[FACE_INDEX[name]]!, 0, 1);
  }
  const smile = clamp(expression[FACE_INDEX.smile]!, 0, 1);
  out[FIELD_INDEX.jaw] = clamp(expression[FACE_INDEX.jaw]!, 0, Math.min(JAW_LIMIT_MM, JAW_LIMIT_SHARE * mouth.halfWidthMm));
  out[FIELD_INDEX.brow] = clamp(expression[FACE_INDEX.brow]!, -1, 1);
  const rounding = Math.max(out[FIELD_INDEX.pucker]!, out[FIELD_INDEX.funnel]!);
  out[FIELD_INDEX.smile] = mouth.open ? -SMILE_LOST * rounding : smile;
  out[FIELD_INDEX.close] = mouth.open ? 1 - smile : 0;
  out[FIELD_INDEX.hang] = HANG_MM * Math.max(out[FIELD_INDEX.pucker]!, 0.4 * out[FIELD_INDEX.funnel]!);
  out[FIELD_INDEX.purse] = rounding * out[FIELD_INDEX.jaw]!;
}
