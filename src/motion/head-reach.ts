import type { HeadPose } from '../base/motion-frame.ts';

/** Most that any point of the face moves in one frame, in mm: 1.2 px where a 512 px portrait has 1.67 px/mm; with its brows, raised meanwhile, under 1.5 px. */
export const MOST_MOVE_MM = 0.7;

/** Most the head turns from the portrait's own pose, in degrees. */
export const MOST_YAW_DEG = 6;
export const MOST_PITCH_DEG = 5;
export const MOST_ROLL_DEG = 4;

/** Distances from the neck's pivot by which turning moves the farthest points of the face, in mm. */
const NOSE_MM = 122;
const CROWN_MM = 150;
const CHEEK_MM = 85;

const DEGREE = Math.PI / 180;

/** A pose that can be written to. */
export type MutablePose = { -readonly [key in keyof HeadPose]: HeadPose[key] };

/** Shifts a pose as its neck does: the head moves a little to the side it turns and tilts to, and down with its chin. */
export function leanWithTurn(pose: MutablePose): void {
  pose.xMm = 0.25 * pose.yawDeg + 0.35 * pose.rollDeg;
  pose.yMm = 0.3 * pose.pitchDeg;
}

/** Returns the most, in mm, that any point of the face moves when the pose changes by `change`. */
export function moveOfFaceMm({ yawDeg, pitchDeg, rollDeg, xMm, yMm }: HeadPose): number {
  const across = DEGREE * (NOSE_MM * Math.abs(yawDeg) + CROWN_MM * Math.abs(rollDeg)) + Math.abs(xMm);
  const down = DEGREE * (NOSE_MM * Math.abs(pitchDeg) + CHEEK_MM * Math.abs(rollDeg)) + Math.abs(yMm);
  return Math.hypot(across, down);
}
