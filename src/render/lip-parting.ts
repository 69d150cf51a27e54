import type { Avatar } from '../avatars/avatar.ts';
import { facePoint, xOf, yOf, type FaceFrame } from './face-frame.ts';
import { photoRedness } from './photo-luma.ts';

/** Mesh points in the middle of the lips, from above: outer and inner edge of the upper lip, inner and outer edge of the lower one. */
const COLUMNS = [[39, 81, 178, 181], [37, 82, 87, 84], [0, 13, 14, 17], [267, 312, 317, 314], [269, 311, 402, 405]] as const;

/** The mesh reports up to 3.8 mm between closed lips, and hardly ever less than the first of these between lips that are apart: in between, the photo decides. */
const CLOSED_MM = 2.3;
const OPEN_MM = 4;

/** Between lips that are apart there is so much that is less red than they are: the line between closed ones is finer. */
const LEAST_PALE_MM = 2.4;

/** Redness of the palest place between lips that are apart, in parts of theirs at most. */
const PALE_SHARE = 0.8;

const STEP_MM = 0.25;

/** Tells whether the lips of a photo are apart; `gapMm` is what the mesh reports between them. */
export function lipsApart(avatar: Avatar, frame: FaceFrame, gapMm: number): boolean {
  if (gapMm <= CLOSED_MM || gapMm > OPEN_MM) {
    return gapMm > OPEN_MM;
  }
  const pale = COLUMNS.map((column) => paleMm(avatar, frame, column)).sort((a, b) => a - b);
  return pale[2]! >= LEAST_PALE_MM;
}

/** Returns how much of a column between the middles of the lips is nearer to the palest place there than to the lips; 0 when nothing is pale. */
function paleMm(avatar: Avatar, frame: FaceFrame, column: (typeof COLUMNS)[number]): number {
  const [outerUpper, upper, lower, outerLower] = column.map((index) => facePoint(frame, avatar.landmarks, index).v) as [number, number, number, number];
  const middle = (facePoint(frame, avatar.landmarks, column[1]).u + facePoint(frame, avatar.landmarks, column[2]).u) / 2;
  const between = (from: number, to: number): number[] => Array.from({ length: Math.max(1, Math.ceil((to - from) / STEP_MM)) }, (_, step) => {
    const v = from + step * STEP_MM;
    return photoRedness(avatar, xOf(frame, middle, v), yOf(frame, middle, v));
  });
  const lipRed = (from: number, to: number): number => mean(between(from + 0.25 * (to - from), to - 0.25 * (to - from)));
  const red = Math.min(lipRed(outerUpper, upper), lipRed(lower, outerLower));
  const inside = between((outerUpper + upper) / 2, (lower + outerLower) / 2);
  const palest = Math.min(...inside);
  return palest < PALE_SHARE * red ? STEP_MM * inside.filter((value) => value < (red + palest) / 2).length : 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
