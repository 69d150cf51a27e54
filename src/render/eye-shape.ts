import type { Avatar } from '../avatars/avatar.ts';
import { curveThrough, heightAt, mapCurve, smoothCurve, type Curve } from './curve.ts';
import { facePoint, uOf, vOf, type FaceFrame, type FacePoint } from './face-frame.ts';

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

/** Room between the lid's skin fold and the brow, in millimetres. */
const BROW_CLEARANCE_MM = 1;

/** The least height of lid skin that is stretched in a blink, in millimetres. */
const LEAST_LID_MM = 6;

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
}

/** Measures one eye: the opening is the union of what the iris net and the mesh see, so that a closed lid covers all of it. */
export function eyeShape(avatar: Avatar, frame: FaceFrame, side: EyeSide): EyeShape {
  const mesh = MESH[side];
  const contour = contourPoints(side === 'left' ? avatar.leftEye : avatar.rightEye, frame);
  const point = (index: number): FacePoint => facePoint(frame, avatar.landmarks, index);
  const lower = curveThrough(contour.slice(0, CONTOUR_LOWER_END));
  const upper = curveThrough([contour[0]!, ...contour.slice(CONTOUR_LOWER_END, CONTOUR_UPPER_END), contour[CONTOUR_LOWER_END - 1]!]);
  const meshUpper = curveThrough(mesh.upper.map(point));
  const meshLower = curveThrough(mesh.lower.map(point));
  const brow = mesh.brow.map(point);
  const browCurve = curveThrough(brow);
  const widest = smoothCurve(mapCurve(upper, (v, u) => Math.min(v, heightAt(meshUpper, u))), 0.7);
  const iris = irisCircle(side === 'left' ? avatar.leftIris : avatar.rightIris, frame);
  return {
    leftMm: upper.startMm,
    rightMm: upper.startMm + (upper.values.length - 1) / upper.samplesPerMm,
    upper: widest,
    lower: smoothCurve(mapCurve(lower, (v, u) => Math.max(v, heightAt(meshLower, u))), 0.7),
    top: smoothCurve(mapCurve(widest, (v, u) => Math.min(heightAt(browCurve, u) + BROW_CLEARANCE_MM, v - LEAST_LID_MM)), 1),
    ...iris,
    browMm: brow.reduce((sum, { v }) => sum + v, 0) / brow.length,
  };
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
