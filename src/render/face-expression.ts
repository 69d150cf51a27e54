import { FACE_INDEX } from '../base/motion-frame.ts';
import { FIELD_COEFFICIENTS, NARROWED_SHARE, SMILE_WIDENING_MM, type FieldCoefficient } from './expression-field.ts';
import type { MouthShape } from './mouth-shape.ts';
import { clamp, smoothstep } from './shaping.ts';

/** Widest opening of the jaw, in millimetres and in half mouth widths: a small mouth would get too long a chin. */
const JAW_LIMIT_MM = 18;
const JAW_LIMIT_SHARE = 0.52;

/**
 * A row of teeth in view makes a small opening of a smiling mouth look wider than it is, and a wide one less wide: when the jaw goes less than `EVEN_MM`
 * such a portrait's jaw and lips go less far, else farther, by a quarter at most in the vowels (2 to 12 mm).
 */
const SMILE_CONTRAST = 0.5;
const EVEN_MM = 4;

/** Fully rounded lips take so much of a toothy portrait's smile away beyond what closing does: one cannot smile with them. It goes with the square of the rounding: a little of it leaves the smile. */
const SMILE_LOST = 1;

/** Lips do not narrow the mouth by more than this share of its width, pucker and funnel together. */
const MOST_NARROWED_SHARE = 0.42;

/** Rounded lips hang so far over the teeth, in millimetres; less by this share where they form a funnel. */
const HANG_MM = 1.8;
const OPEN_SHARE = 0.6;

/**
 * For f and v the lower lip meets the edge of the upper teeth or it does not: from the first amount of `tuck` on it goes there, from the second on it is there.
 * Then it is so far down from where closed lips meet, in millimetres of the jaw's way, and the upper lip is raised by this much of `upperUp`.
 * A jaw that is half open says that it is no f, the more so from the first of these millimetres on.
 */
const BITE = Object.freeze({ from: 0.08, to: 0.42, jawMm: 2.2, upperUp: 0.4, doubtMm: [3, 8] as const });

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
  limitRounding(out, mouth);
  const smile = clamp(expression[FACE_INDEX.smile]!, 0, 1);
  open(Math.max(0, expression[FACE_INDEX.jaw]!), mouth, out);
  out[FIELD_INDEX.brow] = clamp(expression[FACE_INDEX.brow]!, -1, 1);
  const rounding = Math.max(out[FIELD_INDEX.pucker]!, out[FIELD_INDEX.funnel]!);
  out[FIELD_INDEX.smile] = mouth.open ? -smileLost(rounding) : smile;
  out[FIELD_INDEX.close] = mouth.open ? 1 - smile : 0;
  out[FIELD_INDEX.hang] = HANG_MM * Math.max(0, out[FIELD_INDEX.pucker]! - OPEN_SHARE * out[FIELD_INDEX.funnel]!);
  out[FIELD_INDEX.purse] = rounding * out[FIELD_INDEX.jaw]!;
  bite(out);
}

/** Brings the lower lip to the upper teeth; lips that are pressed together only roll in. */
function bite(out: Float32Array): void {
  const { tuck, press, jaw, upperUp, lowerDown, hang, purse } = FIELD_INDEX;
  const share = smoothstep(BITE.from, BITE.to, out[tuck]! * (1 - out[press]!)) * (1 - smoothstep(...BITE.doubtMm, out[jaw]!));
  out[tuck] = Math.max(out[tuck]!, share);
  out[jaw]! += share * (BITE.jawMm - out[jaw]!);
  out[upperUp] = Math.max(out[upperUp]!, share * BITE.upperUp);
  for (const index of [lowerDown, hang, purse]) {
    out[index]! *= 1 - share;
  }
}

function smileLost(rounding: number): number {
  return SMILE_LOST * rounding * rounding;
}

function limitRounding(out: Float32Array, mouth: MouthShape): void {
  const { pucker, funnel } = FIELD_INDEX;
  const lost = mouth.open ? (smileLost(Math.max(out[pucker]!, out[funnel]!)) * SMILE_WIDENING_MM) / mouth.halfWidthMm : 0;
  const share = NARROWED_SHARE.pucker * out[pucker]! + NARROWED_SHARE.funnel * out[funnel]! + lost;
  const part = MOST_NARROWED_SHARE / Math.max(share, MOST_NARROWED_SHARE);
  out[pucker]! *= part;
  out[funnel]! *= part;
}

/** Parts the lips: jaw, upper and lower lip go as far as the photo's contrast asks. */
function open(jawMm: number, mouth: MouthShape, out: Float32Array): void {
  const { jaw, upperUp, lowerDown } = FIELD_INDEX;
  const contrast = 1 + (SMILE_CONTRAST * mouth.smile * (jawMm - EVEN_MM)) / (jawMm + EVEN_MM);
  out[jaw] = Math.min(jawMm * contrast, JAW_LIMIT_MM, JAW_LIMIT_SHARE * mouth.halfWidthMm);
  out[upperUp] = Math.min(1, contrast * out[upperUp]!);
  out[lowerDown] = Math.min(1, contrast * out[lowerDown]!);
}
