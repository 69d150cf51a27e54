import type { HeadPose } from '../base/motion-frame.ts';
import { facePoint, meshPoint, type FaceFrame } from './face-frame.ts';
import type { MouthShape } from './mouth-shape.ts';
import { clamp, smoothstep } from './shaping.ts';

/** Reach of one mesh point's depth, in millimetres. */
const DEPTH_SIGMA_MM = 6;

/** Depth of hair, hat and neck: a little behind the ears. */
const OUTSIDE_DEPTH_MM = -10;

/** Distance from the picture's border over which the head's motion dies, so that no gap opens there, in pixels of a 512-pixel picture. */
const BORDER_PX = 50;

/** The head may come this much closer to the top border: what lies there is hair. */
const TOP_ALLOWANCE_PX = 40;

/** Largest pose that is drawn; more is held to it. */
export const POSE_LIMITS = Object.freeze({ yawDeg: 12, pitchDeg: 10, rollDeg: 10, xMm: 8, yMm: 8 });

const LEFT_EAR = 234;
const RIGHT_EAR = 454;
const TOP = 10;
const CHIN = 152;

/** What moves with the head, and how deep it lies. */
export interface HeadShape {
  readonly pivotU: number;
  readonly pivotV: number;
  readonly pivotZ: number;
  /** Depth of each mesh point toward the camera, in millimetres before the ears. */
  readonly pointDepths: Float32Array;
  readonly pointPlaces: readonly { readonly u: number; readonly v: number }[];
  readonly faceCentreU: number;
  readonly halfWidthMm: number;
  readonly halfHeightMm: number;
  readonly middleV: number;
  readonly topV: number;
  readonly chinV: number;
}

/** Measures the head from the mesh. */
export function headShape(landmarks: Float32Array, frame: FaceFrame, mouth: MouthShape): HeadShape {
  const depth = (index: number): number => -meshPoint(landmarks, index)[2] / frame.pxPerMm;
  const ears = (depth(LEFT_EAR) + depth(RIGHT_EAR)) / 2;
  const left = facePoint(frame, landmarks, LEFT_EAR);
  const right = facePoint(frame, landmarks, RIGHT_EAR);
  const top = facePoint(frame, landmarks, TOP).v;
  const chin = facePoint(frame, landmarks, CHIN).v;
  return {
    pivotU: (left.u + right.u) / 2,
    pivotV: mouth.chinMm + 8,
    pivotZ: -25,
    pointDepths: Float32Array.from({ length: landmarks.length / 3 }, (_, index) => depth(index) - ears),
    pointPlaces: Array.from({ length: landmarks.length / 3 }, (_, index) => facePoint(frame, landmarks, index)),
    faceCentreU: (left.u + right.u) / 2,
    halfWidthMm: Math.hypot(right.u - left.u, right.v - left.v) / 2 / Math.max(0.6, Math.cos(frame.yawRad)),
    halfHeightMm: (chin - top) / 2,
    middleV: (chin + top) / 2,
    topV: top,
    chinV: chin,
  };
}

/** Returns the depth of a place in millimetres before the ears: a Gaussian average of the mesh, fading to the depth of hair outside it. */
export function depthAt(head: HeadShape, u: number, v: number): number {
  let sum = 0;
  let weight = 1e-12;
  let nearest = Infinity;
  const { pointPlaces, pointDepths } = head;
  for (let index = 0; index < pointPlaces.length; index += 1) {
    const place = pointPlaces[index]!;
    const distance = (place.u - u) ** 2 + (place.v - v) ** 2;
    nearest = Math.min(nearest, distance);
    if (distance < 900) {
      const w = Math.exp(-distance / (2 * DEPTH_SIGMA_MM * DEPTH_SIGMA_MM)) + 1e-12;
      sum += w * pointDepths[index]!;
      weight += w;
    }
  }
  const inside = sum / weight;
  // Above the forehead the skull curves back slowly; at the sides it ends.
  const reach = v < head.topV ? 80 : 35;
  const away = smoothstep(0, reach, Math.sqrt(nearest));
  return inside * (1 - away) + OUTSIDE_DEPTH_MM * away;
}

/** A place to weigh: in the face frame and in the picture. */
export interface WeighedPlace {
  readonly u: number;
  readonly v: number;
  readonly xPx: number;
  readonly yPx: number;
}

/** Returns how much of the head's motion a place makes: 1 on the head, falling over the neck to 0 on the shoulders and at the border. */
export function headWeightAt(head: HeadShape, place: WeighedPlace, size: { readonly width: number; readonly height: number }): number {
  const across = Math.abs(place.u - head.faceCentreU) / head.halfWidthMm;
  const along = (place.v - (head.middleV - 0.18 * head.halfHeightMm)) / (1.25 * head.halfHeightMm);
  // Hair and hat are wide; from the mouth down, what lies beside the neck is collar and shoulder.
  const low = smoothstep(-25, 15, place.v);
  const round = (1 - smoothstep(1.6, 3.1, Math.hypot(across, along))) * (1 - smoothstep(1.7 - 0.65 * low, 3.1 - 1.4 * low, across));
  const neck = 1 - smoothstep(head.chinV - 4, head.chinV + 62, place.v);
  const scale = Math.min(size.width, size.height) / 512;
  const border = Math.min(place.xPx, size.width - 1 - place.xPx, place.yPx + TOP_ALLOWANCE_PX * scale, size.height - 1 - place.yPx);
  return round * neck * smoothstep(0, BORDER_PX * scale, border);
}

/** A pose as a turn about the neck: x′ = xx·X + xy·Y + xz·Z + x0 and likewise y′, in millimetres from the pivot. */
export interface PoseTurn {
  xx: number;
  xy: number;
  xz: number;
  x0: number;
  yx: number;
  yy: number;
  yz: number;
  y0: number;
}

/** Makes a turn that does nothing. */
export function restTurn(): PoseTurn {
  return { xx: 1, xy: 0, xz: 0, x0: 0, yx: 0, yy: 1, yz: 0, y0: 0 };
}

const RADIANS = Math.PI / 180;

/** Writes the turn of a pose, held to `POSE_LIMITS`: yaw about the vertical, pitch about the level axis, roll in the picture, then the shift. */
export function turnTo(pose: HeadPose, turn: PoseTurn): void {
  const yaw = clamp(pose.yawDeg, -POSE_LIMITS.yawDeg, POSE_LIMITS.yawDeg) * RADIANS;
  const pitch = clamp(pose.pitchDeg, -POSE_LIMITS.pitchDeg, POSE_LIMITS.pitchDeg) * RADIANS;
  const roll = clamp(pose.rollDeg, -POSE_LIMITS.rollDeg, POSE_LIMITS.rollDeg) * RADIANS;
  const [cy, sy, cp, sp, cr, sr] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch), Math.cos(roll), Math.sin(roll)];
  // x = X·cy + Z·sy;  y = Y·cp + (−X·sy + Z·cy)·sp;  then roll.
  turn.xx = cy * cr + sy * sp * sr;
  turn.xy = -cp * sr;
  turn.xz = sy * cr - cy * sp * sr;
  turn.x0 = clamp(pose.xMm, -POSE_LIMITS.xMm, POSE_LIMITS.xMm);
  turn.yx = cy * sr - sy * sp * cr;
  turn.yy = cp * cr;
  turn.yz = sy * sr + cy * sp * cr;
  turn.y0 = clamp(pose.yMm, -POSE_LIMITS.yMm, POSE_LIMITS.yMm);
}
