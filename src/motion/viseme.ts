import { FACE_COEFFICIENTS, FACE_INDEX, type FaceCoefficient } from '../base/motion-frame.ts';

/**
 * The mouth shapes that can be told apart by ear and by eye, in the order of `MouthNet`'s output:
 * silence; p b m; f v; s z; sh ch r; u o w; i e; a; h k g schwa; t d n l th.
 */
export const VISEMES = ['silence', 'closed', 'lipTeeth', 'hiss', 'hush', 'round', 'spread', 'open', 'middle', 'tongue'] as const;

/** Name of one mouth shape. */
export type Viseme = (typeof VISEMES)[number];

/** The mouth of each viseme: jaw in mm, the others 0..1; what is not named is 0. */
const MOUTHS: Readonly<Record<Viseme, Partial<Record<FaceCoefficient, number>>>> = {
  silence: {},
  closed: { press: 1 },
  lipTeeth: { jaw: 1, tuck: 1, upperUp: 0.5 },
  hiss: { jaw: 2, stretch: 0.5, upperUp: 0.15, lowerDown: 0.35 },
  hush: { jaw: 2.5, pucker: 0.35, funnel: 0.6, lowerDown: 0.2 },
  round: { jaw: 5, pucker: 0.75, funnel: 0.75 },
  spread: { jaw: 5, stretch: 0.8, smile: 0.1, upperUp: 0.35, lowerDown: 0.4 },
  open: { jaw: 11.5, stretch: 0.15, upperUp: 0.1, lowerDown: 0.15 },
  middle: { jaw: 5, stretch: 0.1, lowerDown: 0.15 },
  tongue: { jaw: 3.2, stretch: 0.25, upperUp: 0.1, lowerDown: 0.3, tongue: 0.8 },
};

/** The mouth of each viseme as rows of expression coefficients, in the order of `VISEMES`. */
export const VISEME_MOUTHS: readonly Float32Array[] = VISEMES.map((viseme) => {
  const row = new Float32Array(FACE_COEFFICIENTS.length);
  for (const name of FACE_COEFFICIENTS) {
    row[FACE_INDEX[name]] = MOUTHS[viseme][name] ?? 0;
  }
  return row;
});

/** Index of each viseme in `VISEMES`. */
export const VISEME_INDEX: Readonly<Record<Viseme, number>> = Object.freeze(
  Object.fromEntries(VISEMES.map((name, index) => [name, index])),
) as Readonly<Record<Viseme, number>>;
