import type { Avatar } from '../avatars/avatar.ts';
import { curveThrough, heightAt, mapCurve, smoothCurve, type Curve } from './curve.ts';
import { facePoint, uOf, vOf, xOf, yOf, type FaceFrame, type FacePoint } from './face-frame.ts';
import { lidTop } from './lid-top.ts';
import { luminanceOf, photoLuma, skinColour } from './photo-luma.ts';
import type { PersonTones } from './person-tones.ts';

/** Which eye, as seen in the picture. */
export type EyeSide = 'left' | 'right';

interface EyePoints {
  readonly upper: readonly number[];
  readonly lower: readonly number[];
  readonly brow: readonly number[];
}

/** Mesh points of the lids and of the brow's lower edge. */
const MESH: Readonly<Record<EyeSide, EyePoints>> = {
  left: {
    upper: [33, 246, 161, 160, 159, 158, 157, 173, 133],
    lower: [33, 7, 163, 144, 145, 153, 154, 155, 133],
    brow: [46, 53, 52, 65, 55],
  },
  right: {
    upper: [362, 398, 384, 385, 386, 387, 388, 466, 263],
    lower: [362, 382, 381, 380, 374, 373, 390, 249, 263],
    brow: [276, 283, 282, 295, 285],
  },
};

/** Points of an iris net contour: 0..8 is the lower lid, 9..15 the upper one without its ends. */
const CONTOUR_LOWER_END = 9;
const CONTOUR_UPPER_END = 16;

/** A closing lid's skin moves a little beyond the corners. */
const CORNER_ROOM_MM = 1.5;

/**
 * Dark glasses: half of what is seen of an eye and around it is darker than the first share of the way from the person's darkest tone
 * to skin, and nine tenths are darker than the second. An eye's white and its lids are brighter, also in the shade.
 */
const HIDDEN = Object.freeze({ half: 0.25, most: 0.5 });
const AROUND_EYE_MM = 3;
const LOOK_STEP_MM = 0.75;

/** One eye of the photo, in millimetres of the face frame. */
export interface EyeShape {
  readonly leftMm: number;
  readonly rightMm: number;
  /** Margin of the upper lid. */
  readonly upper: Curve;
  /** Margin of the lower lid. */
  readonly lower: Curve;
  /** Where the skin of the upper lid begins. */
  readonly top: Curve;
  readonly irisU: number;
  readonly irisV: number;
  readonly irisRadiusMm: number;
  /** v of the brow's lower edge. */
  readonly browMm: number;
  /** v of the highest place that a blink changes. */
  readonly topMm: number;
  /** v of the highest and the lowest place of the opening. */
  readonly upperMm: number;
  readonly lowerMm: number;
  /** True when a dark bar, such as the rim of glasses, lies between lid and brow. */
  readonly barred: boolean;
  /** True when the bar leaves no skin of the lid to be stretched. */
  readonly covered: boolean;
  /** True when the eye is too dark to be seen, as behind dark glasses. */
  readonly hidden: boolean;
}

/** Measures one eye: the opening is the union of what the iris net and the mesh see, so that a closed lid covers all of it. */
export function eyeShape(avatar: Avatar, frame: FaceFrame, side: EyeSide, tones: PersonTones): EyeShape {
  const mesh = MESH[side];
  const contour = contourPoints(side === 'left' ? avatar.leftEye : avatar.rightEye, frame);
  const point = (index: number): FacePoint => facePoint(frame, avatar.landmarks, index);
  const lids = {
    lower: contour.slice(0, CONTOUR_LOWER_END),
    upper: [contour[0]!, ...contour.slice(CONTOUR_LOWER_END, CONTOUR_UPPER_END), contour[CONTOUR_LOWER_END - 1]!],
  };
  const meshLids = { lower: mesh.lower.map(point), upper: mesh.upper.map(point) };
  const across = [...lids.lower, ...meshLids.lower].map(({ u }) => u);
  const span = { left: Math.min(...across) - CORNER_ROOM_MM, right: Math.max(...across) + CORNER_ROOM_MM };
  const upper = union(span, [lids.upper, meshLids.upper], Math.min);
  const lower = union(span, [lids.lower, meshLids.lower], Math.max);
  const brow = mesh.brow.map(point);
  const top = lidTop(avatar, frame, { upper, brow: curveThrough(brow), tones });
  return {
    leftMm: span.left,
    rightMm: span.right,
    upper,
    lower,
    top: top.curve,
    topMm: Math.min(...top.curve.values),
    upperMm: Math.min(...upper.values),
    lowerMm: Math.max(...lower.values),
    barred: top.barred,
    covered: top.covered,
    hidden: isHidden(avatar, frame, { upper, lower, ...span }, tones),
    ...irisCircle(side === 'left' ? avatar.leftIris : avatar.rightIris, frame),
    browMm: brow.reduce((sum, { v }) => sum + v, 0) / brow.length,
  };
}

/** Tells whether an eye is too dark to be seen, as behind dark glasses. */
function isHidden(avatar: Avatar, frame: FaceFrame, eye: Pick<EyeShape, 'upper' | 'lower'> & { readonly left: number; readonly right: number }, tones: PersonTones): boolean {
  const lumas: number[] = [];
  for (let u = eye.left + AROUND_EYE_MM; u < eye.right - AROUND_EYE_MM; u += LOOK_STEP_MM) {
    for (let v = heightAt(eye.upper, u) - AROUND_EYE_MM; v < heightAt(eye.lower, u) + AROUND_EYE_MM; v += LOOK_STEP_MM) {
      lumas.push(photoLuma(avatar, xOf(frame, u, v), yOf(frame, u, v)));
    }
  }
  lumas.sort((a, b) => a - b);
  const way = luminanceOf(skinColour(avatar)) - tones.dark;
  const darkUpTo = (share: number, level: number): boolean => (lumas[Math.floor(share * lumas.length)] ?? 255) < tones.dark + level * way;
  return darkUpTo(0.5, HIDDEN.half) && darkUpTo(0.9, HIDDEN.most);
}

/** Samples the outermost of several contours over the span. */
function union(span: { readonly left: number; readonly right: number }, contours: readonly FacePoint[][], outermost: (...v: number[]) => number): Curve {
  const curves = contours.map((points) => curveThrough(points));
  const base = curveThrough([{ u: span.left, v: 0 }, { u: span.right, v: 0 }]);
  return smoothCurve(mapCurve(base, (_, u) => outermost(...curves.map((curve) => heightAt(curve, u)))), 0.7);
}

function contourPoints(contour: Float32Array, frame: FaceFrame): FacePoint[] {
  return Array.from({ length: CONTOUR_UPPER_END }, (_, index) => {
    const [x, y] = [contour[index * 2]!, contour[index * 2 + 1]!];
    return { u: uOf(frame, x, y), v: vOf(frame, x, y) };
  });
}

function irisCircle(iris: Float32Array, frame: FaceFrame): { irisU: number; irisV: number; irisRadiusMm: number } {
  const [x, y] = [iris[0]!, iris[1]!];
  let radius = 0;
  for (let point = 1; point < 5; point += 1) {
    radius += Math.hypot(iris[point * 2]! - x, iris[point * 2 + 1]! - y) / 4 / frame.pxPerMm;
  }
  return { irisU: uOf(frame, x, y), irisV: vOf(frame, x, y), irisRadiusMm: radius };
}
