import type { FaceCoefficient } from '../../../src/base/motion-frame.ts';
import { VISEME_CLASSES } from '../../../src/motion/lip-network.ts';

/** Coefficients that a phone gives a target for, in the order of the lessons' columns; `press` and `tuck` come from the contacts. */
export const SHAPED = ['jaw', 'pucker', 'funnel', 'stretch', 'upperUp', 'lowerDown', 'tongue'] as const satisfies readonly FaceCoefficient[];

type Shape = Partial<Record<(typeof SHAPED)[number], number>>;

/** Name of one class. */
export type VisemeClass = (typeof VISEME_CLASSES)[number];

/** How one phone is spoken. */
export interface Phone {
  readonly viseme: VisemeClass;
  /** Shapes from its start to its end; a diphthong has two. */
  readonly shapes: readonly Shape[];
  /** How firmly it holds the jaw (`hold`) and the rounding or spreading of the lips (`lips`) against its neighbours. */
  readonly hold: number;
  readonly lips: number;
}

const vowel = (viseme: VisemeClass, ...shapes: readonly Shape[]): Phone => ({ viseme, shapes, hold: 1, lips: 1 });
const consonant = (viseme: VisemeClass, shape: Shape, hold: number, lips: number): Phone => ({ viseme, shapes: [shape], hold, lips });

const I: Shape = { jaw: 2.4, stretch: 0.8, upperUp: 0.05, lowerDown: 0.06 };
const IH: Shape = { jaw: 3.4, stretch: 0.45, upperUp: 0.05, lowerDown: 0.08 };
const EH: Shape = { jaw: 7.5, stretch: 0.5, upperUp: 0.2, lowerDown: 0.3 };
const A: Shape = { jaw: 12.5, stretch: 0.1, upperUp: 0.35, lowerDown: 0.65 };
const O: Shape = { jaw: 6, pucker: 0.65, funnel: 0.65 };
const U: Shape = { jaw: 1.6, pucker: 1, funnel: 0.2 };
const T: Shape = { jaw: 2.6, stretch: 0.2, lowerDown: 0.1, tongue: 0.6 };
const SH: Shape = { jaw: 2.3, pucker: 0.45, funnel: 0.55 };
const R: Shape = { jaw: 3.3, pucker: 0.4, funnel: 0.4 };
const S: Shape = { jaw: 1.8, stretch: 0.4, upperUp: 0.05, lowerDown: 0.18 };

const BILABIAL = consonant('closed', {}, 0.5, 0.12);
const LABIODENTAL = consonant('lipTeeth', { jaw: 1, upperUp: 0.45 }, 1.5, 0.3);
const ALVEOLAR = consonant('teeth', T, 0.8, 0.15);
const HISS = consonant('teeth', S, 2, 0.5);
const HUSH = consonant('teeth', SH, 1.8, 1);
const DENTAL = consonant('teeth', { jaw: 3, lowerDown: 0.15, tongue: 1 }, 1.2, 0.2);
const VELAR = consonant('back', { jaw: 4.2 }, 0.3, 0.06);

/** Every phone by the name that `canonical-phones.ts` gives it; jaw in mm, the others 0..1. */
export const PHONES: Readonly<Record<string, Phone>> = {
  sil: { viseme: 'silence', shapes: [{}], hold: 1, lips: 1 },
  p: BILABIAL, b: BILABIAL, m: BILABIAL,
  f: LABIODENTAL, v: LABIODENTAL,
  t: ALVEOLAR, d: ALVEOLAR, n: ALVEOLAR, dx: ALVEOLAR,
  s: HISS, z: HISS, sh: HUSH, zh: HUSH, ch: HUSH, jh: HUSH,
  // Mandarin j, q, x: hissed behind spread lips.
  tsi: consonant('teeth', { jaw: 2, stretch: 0.6, lowerDown: 0.18, upperUp: 0.05 }, 1.6, 0.6),
  th: DENTAL, dh: DENTAL,
  k: VELAR, g: VELAR, ng: { ...VELAR, viseme: 'teeth' },
  hh: consonant('back', { jaw: 5 }, 0.15, 0.03),
  l: consonant('back', { jaw: 4.4, lowerDown: 0.1, tongue: 0.9 }, 0.6, 0.15),
  r: consonant('back', R, 0.8, 0.8),
  w: consonant('round', { jaw: 1.2, pucker: 1, funnel: 0.15 }, 1.5, 2),
  y: consonant('spread', { jaw: 2.8, stretch: 0.7, lowerDown: 0.1 }, 1, 0.8),
  iy: vowel('spread', I), ih: vowel('spread', IH), eh: vowel('spread', EH),
  ey: vowel('spread', { ...EH, jaw: 6 }, { ...IH, stretch: 0.7 }),
  ae: vowel('open', { jaw: 10.5, stretch: 0.4, upperUp: 0.3, lowerDown: 0.6 }),
  aa: vowel('open', A), ah: vowel('open', { jaw: 9, upperUp: 0.2, lowerDown: 0.45 }),
  ax: { ...vowel('open', { jaw: 5.5, stretch: 0.1, lowerDown: 0.12 }), hold: 0.5, lips: 0.3 },
  ay: vowel('open', A, A, IH), aw: vowel('open', A, A, { ...U, jaw: 3.5 }),
  er: { ...vowel('back', { jaw: 4.5, pucker: 0.3, funnel: 0.35 }), lips: 0.6 },
  ao: vowel('round', { jaw: 9.5, pucker: 0.35, funnel: 0.7, lowerDown: 0.35 }),
  o: vowel('round', O), ow: vowel('round', O, { ...U, jaw: 2.8 }), oy: vowel('round', O, IH),
  uh: vowel('round', { jaw: 3, pucker: 0.65, funnel: 0.3 }), uw: vowel('round', U),
  // Mandarin ü and Cantonese yu; Cantonese oe.
  yu: vowel('round', { jaw: 1.6, pucker: 0.95, funnel: 0.2 }), oe: vowel('round', { jaw: 5.5, pucker: 0.6, funnel: 0.5 }),
  // The vowel of Mandarin zi and zhi.
  apical: vowel('teeth', { jaw: 2.2, stretch: 0.35, lowerDown: 0.15 }),
};

/** Names of the phones; silence is the first. */
export const PHONE_NAMES: readonly string[] = Object.keys(PHONES);

/** One phone in time, in seconds. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  /** A name in `PHONES`. */
  readonly phone: string;
}

/** The mouth's targets every 10 ms. */
export interface MouthTrack {
  /** One array per coefficient of `SHAPED`. */
  readonly shaped: readonly Float32Array[];
  /** How closed the lips are, and how firmly the lower lip touches the teeth, 0..1. */
  readonly closure: Float32Array;
  readonly tuck: Float32Array;
  /** Place in `PHONES`, and index in `VISEME_CLASSES`. */
  readonly phones: Uint8Array;
  readonly visemes: Uint8Array;
}

const STEP_S = 0.01;

/** Time constants in seconds with which a phone is felt before and after its core, for the jaw and for the lips: rounding begins early. */
const JAW_REACH = { before: 0.045, after: 0.05 } as const;
const LIP_REACH = { before: 0.09, after: 0.06 } as const;

/** The core of a phone, as parts of it. */
const CORE = { from: 0.25, to: 0.7 } as const;

/** Lips come together and part within so much, and a p or b has burst after this part of it. */
const CONTACT_RAMP_S = 0.035;
const BURST_AT = 0.75;

/** Sum of dominances below which nothing is said: the mouth is at rest. */
const REST_DOMINANCE = 0.02;

const SLOW = new Set<string>(['pucker', 'funnel', 'stretch']);

/**
 * Draws the mouth's targets from phone times with dominance functions (Cohen and Massaro 1993): every phone pulls each coefficient to its
 * target with a weight that falls exponentially outside its core, and the mouth is the weighted mean. Lip contacts are ramps of their own.
 */
export function articulate(segments: readonly Segment[], seconds: number): MouthTrack {
  const steps = Math.ceil(seconds / STEP_S);
  const shaped = SHAPED.map((name) => (SLOW.has(name) ? blend(segments, steps, name, LIP_REACH) : blend(segments, steps, name, JAW_REACH)));
  return {
    shaped,
    closure: contacts(segments, steps, 'closed'),
    tuck: contacts(segments, steps, 'lipTeeth'),
    phones: spoken(segments, steps, (phone) => PHONE_NAMES.indexOf(phone)),
    visemes: spoken(segments, steps, (phone) => VISEME_CLASSES.indexOf(phoneOf(phone).viseme)),
  };
}

function blend(segments: readonly Segment[], steps: number, name: (typeof SHAPED)[number], reach: { before: number; after: number }): Float32Array {
  const sum = new Float32Array(steps);
  const weights = new Float32Array(steps).fill(REST_DOMINANCE);
  for (const { start, end, phone } of segments) {
    const { shapes, hold, lips } = phoneOf(phone);
    const dominance = SLOW.has(name) ? lips : hold;
    const from = start + CORE.from * (end - start);
    const to = start + CORE.to * (end - start);
    const last = Math.min(steps - 1, Math.floor((end + 6 * reach.after) / STEP_S));
    for (let step = Math.max(0, Math.floor((start - 6 * reach.before) / STEP_S)); step <= last; step++) {
      const time = (step + 0.5) * STEP_S;
      const weight = dominance * Math.exp(-Math.max(0, from - time) / reach.before - Math.max(0, time - to) / reach.after);
      sum[step]! += weight * shapeAt(shapes, name, (time - from) / (to - from + 1e-6));
      weights[step]! += weight;
    }
  }
  return sum.map((value, step) => value / weights[step]!);
}

/** Goes from shape to shape over the core of a phone. */
function shapeAt(shapes: readonly Shape[], name: (typeof SHAPED)[number], part: number): number {
  const place = Math.min(1, Math.max(0, part)) * (shapes.length - 1);
  const low = Math.floor(place);
  const first = shapes[low]?.[name] ?? 0;
  const second = shapes[Math.min(shapes.length - 1, low + 1)]?.[name] ?? 0;
  return first + (second - first) * (place - low);
}

function contacts(segments: readonly Segment[], steps: number, viseme: VisemeClass): Float32Array {
  const track = new Float32Array(steps);
  for (const { start, end, phone } of segments) {
    if (phoneOf(phone).viseme !== viseme) {
      continue;
    }
    const release = phone === 'p' || phone === 'b' ? start + BURST_AT * (end - start) : end;
    for (let step = Math.max(0, Math.floor((start - CONTACT_RAMP_S) / STEP_S)); step < Math.min(steps, (release + CONTACT_RAMP_S) / STEP_S); step++) {
      const time = (step + 0.5) * STEP_S;
      const away = Math.max(start - time, time - release, 0);
      track[step] = Math.max(track[step]!, 1 - away / CONTACT_RAMP_S);
    }
  }
  return track;
}

function spoken(segments: readonly Segment[], steps: number, numberOf: (phone: string) => number): Uint8Array {
  const track = new Uint8Array(steps);
  for (const { start, end, phone } of segments) {
    track.fill(numberOf(phone), Math.max(0, Math.round(start / STEP_S)), Math.max(0, Math.round(end / STEP_S)));
  }
  return track;
}

/** Returns a phone by its name. Throws on an unknown one. */
export function phoneOf(name: string): Phone {
  const phone = PHONES[name];
  if (phone === undefined) {
    throw new RangeError(`The phone ${JSON.stringify(name)} is not in PHONES. Add it.`);
  }
  return phone;
}
