import { type Point, lengthOf, meanPoint, minus, plus, times } from './landmarks.ts';

/** Side of the picture the crop is measured for. */
const OUTPUT_PX = 512;

/** A rectangle in pixels: the right and bottom edges are outside it. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** How a portrait is cut around the face. */
export interface FaceCrop {
  /** The picture is first resized to this; its own size except for very large faces. */
  readonly width: number;
  readonly height: number;
  /** Part of the resized picture that is kept. */
  readonly crop: Box;
  /** The face's square within the crop, not rounded, with the reference's flaw: its lower edge is held to the picture's width. */
  readonly quad: Box;
  /** The face's square within the crop, whole pixels, held to the crop's own edges. */
  readonly inner: Box;
}

/** Returns `value` rounded to the nearest integer, halves to the even one, as Python and NumPy do. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/**
 * Returns the FFHQ-like crop around a face, from 68 landmarks of a picture of `width` × `height` pixels, as the reference cuts it.
 */
export function faceCrop(landmarks: readonly Point[], width: number, height: number): FaceCrop {
  const oriented = orientedSquare(landmarks);
  const shrink = Math.floor((2 * lengthOf(oriented.x)) / OUTPUT_PX * 0.5);
  const factor = shrink > 1 ? shrink : 1;
  const resized = { width: roundHalfEven(width / factor), height: roundHalfEven(height / factor) };
  const corners = oriented.corners.map(([x, y]): Point => [x / factor, y / factor]);
  const side = (2 * lengthOf(oriented.x)) / factor;
  const border = Math.max(roundHalfEven(side * 0.1), 3);
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const crop = {
    left: Math.max(Math.floor(Math.min(...xs)) - border, 0),
    top: Math.max(Math.floor(Math.min(...ys)) - border, 0),
    right: Math.min(Math.ceil(Math.max(...xs)) + border, resized.width),
    bottom: Math.min(Math.ceil(Math.max(...ys)) + border, resized.height),
  };
  const cut = crop.right - crop.left < resized.width || crop.bottom - crop.top < resized.height;
  const origin: Point = cut ? [crop.left, crop.top] : [0, 0];
  const square = uprightSquare(corners.map((corner) => plus(minus(corner, origin), [0.5, 0.5])));
  return {
    ...resized,
    crop,
    quad: { ...square, right: Math.min(square.right, resized.width), bottom: Math.min(square.bottom, resized.width) },
    inner: {
      left: Math.trunc(square.left),
      top: Math.trunc(square.top),
      right: Math.min(Math.trunc(square.right), crop.right - crop.left),
      bottom: Math.min(Math.trunc(square.bottom), crop.bottom - crop.top),
    },
  };
}

/** Returns the face's tilted square: its corners, and the half-side that points right. */
function orientedSquare(landmarks: readonly Point[]): { corners: Point[]; x: Point } {
  const [leftEye, rightEye] = [meanPoint(landmarks, 36, 42), meanPoint(landmarks, 42, 48)];
  const eyes = times(plus(leftEye, rightEye), 0.5);
  const eyeToEye = minus(rightEye, leftEye);
  const mouth = times(plus(landmarks[48]!, landmarks[54]!), 0.5);
  const eyeToMouth = minus(mouth, eyes);
  const direction: Point = [eyeToEye[0] + eyeToMouth[1], eyeToEye[1] - eyeToMouth[0]];
  const half = Math.max(lengthOf(eyeToEye) * 2, lengthOf(eyeToMouth) * 1.8);
  const length = lengthOf(direction);
  const x: Point = [(direction[0] / length) * half, (direction[1] / length) * half];
  const y: Point = [-x[1], x[0]];
  const centre = plus(eyes, times(eyeToMouth, 0.1));
  return {
    x,
    corners: [minus(minus(centre, x), y), plus(minus(centre, x), y), plus(plus(centre, x), y), minus(plus(centre, x), y)],
  };
}

/** Returns the upright square of a tilted one; it begins within the picture. */
function uprightSquare(corners: readonly Point[]): Box {
  const [a, b, c, d] = corners as [Point, Point, Point, Point];
  return {
    left: Math.max(Math.min(a[0], b[0]), 0),
    top: Math.max(Math.min(a[1], d[1]), 0),
    right: Math.max(c[0], d[0]),
    bottom: Math.max(b[1], c[1]),
  };
}
