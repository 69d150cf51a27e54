import { NEUTRAL_POSE, type HeadPose } from '../base/motion-frame.ts';

/** Distance between the outer eye corners that defines the millimetre of the face frame. */
const OUTER_EYES_MM = 90;

/** Mesh points that span the frame. */
const OUTER_EYE_LEFT = 33;
const OUTER_EYE_RIGHT = 263;
const UPPER_LIP_CENTRE = 13;
const LOWER_LIP_CENTRE = 14;

/**
 * The face's own coordinates: u to the right along the eyes, v down the face, in millimetres from the middle of the lips.
 * The millimetre comes from the 3-D distance of the outer eye corners, so it does not depend on the photo's yaw.
 */
export interface FaceFrame {
  readonly originXPx: number;
  readonly originYPx: number;
  /** Unit vector of u in the picture; v is (−axisY, axisX). */
  readonly axisX: number;
  readonly axisY: number;
  readonly pxPerMm: number;
  /** How far the photo's face is turned to the picture's right, in radians. */
  readonly yawRad: number;
}

/** A point in the face frame, in millimetres. */
export interface FacePoint {
  readonly u: number;
  readonly v: number;
}

/** Builds the face frame from the 468 × 3 mesh points. */
export function faceFrame(landmarks: Float32Array): FaceFrame {
  const [ax, ay, az] = meshPoint(landmarks, OUTER_EYE_LEFT);
  const [bx, by, bz] = meshPoint(landmarks, OUTER_EYE_RIGHT);
  const [ux, uy] = meshPoint(landmarks, UPPER_LIP_CENTRE);
  const [lx, ly] = meshPoint(landmarks, LOWER_LIP_CENTRE);
  const flat = Math.hypot(bx - ax, by - ay);
  return {
    originXPx: (ux + lx) / 2,
    originYPx: (uy + ly) / 2,
    axisX: (bx - ax) / flat,
    axisY: (by - ay) / flat,
    pxPerMm: Math.hypot(bx - ax, by - ay, bz - az) / OUTER_EYES_MM,
    yawRad: Math.atan2(bz - az, flat),
  };
}

/** Returns how the photo's face is turned and tilted; how far it nods is not known. */
export function photoPose({ yawRad, axisX, axisY }: FaceFrame): HeadPose {
  return { ...NEUTRAL_POSE, yawDeg: (180 / Math.PI) * yawRad, rollDeg: (180 / Math.PI) * Math.atan2(axisY, axisX) };
}

/** Returns x, y and z of a mesh point, in pixels. */
export function meshPoint(landmarks: Float32Array, index: number): readonly [number, number, number] {
  return [landmarks[index * 3]!, landmarks[index * 3 + 1]!, landmarks[index * 3 + 2]!];
}

/** Returns u in millimetres of a place in the picture. */
export function uOf(frame: FaceFrame, xPx: number, yPx: number): number {
  return ((xPx - frame.originXPx) * frame.axisX + (yPx - frame.originYPx) * frame.axisY) / frame.pxPerMm;
}

/** Returns v in millimetres of a place in the picture. */
export function vOf(frame: FaceFrame, xPx: number, yPx: number): number {
  return ((yPx - frame.originYPx) * frame.axisX - (xPx - frame.originXPx) * frame.axisY) / frame.pxPerMm;
}

/** Returns x in pixels of a place in the face frame. */
export function xOf(frame: FaceFrame, u: number, v: number): number {
  return frame.originXPx + (u * frame.axisX - v * frame.axisY) * frame.pxPerMm;
}

/** Returns y in pixels of a place in the face frame. */
export function yOf(frame: FaceFrame, u: number, v: number): number {
  return frame.originYPx + (u * frame.axisY + v * frame.axisX) * frame.pxPerMm;
}

/** Writes where a place of the picture (x, y in pixels) lies in the face frame (u, v). It allocates nothing. */
export function toFace(frame: FaceFrame, place: Float64Array, at: Float64Array): void {
  const dx = (place[0]! - frame.originXPx) / frame.pxPerMm;
  const dy = (place[1]! - frame.originYPx) / frame.pxPerMm;
  at[0] = dx * frame.axisX + dy * frame.axisY;
  at[1] = dy * frame.axisX - dx * frame.axisY;
}

/** Writes where a place of the face frame (u, v) lies in the picture (x, y in pixels). It allocates nothing. */
export function toPicture(frame: FaceFrame, at: Float64Array, place: Float64Array): void {
  const du = at[0]! * frame.pxPerMm;
  const dv = at[1]! * frame.pxPerMm;
  place[0] = frame.originXPx + du * frame.axisX - dv * frame.axisY;
  place[1] = frame.originYPx + du * frame.axisY + dv * frame.axisX;
}

/** Returns a mesh point in the face frame. */
export function facePoint(frame: FaceFrame, landmarks: Float32Array, index: number): FacePoint {
  const [x, y] = meshPoint(landmarks, index);
  return { u: uOf(frame, x, y), v: vOf(frame, x, y) };
}
