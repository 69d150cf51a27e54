/**
 * Expression coefficients of the built-in face, in the order of `MotionFrame.expression`.
 * `jaw` is in millimetres at the lower lip, 0..18 (speech 0..14): 0 means lips that just touch, in every portrait. A portrait that
 * shows its teeth is brought there by the renderer, and `smile` 1 is its own smile again; any other is, at all zero, as in the photo.
 * On a smiling portrait the jaw is told apart more: less under 4 mm, more above, as smiling lips show little of it.
 * All others are 0..1 unless noted:
 * `blinkLeft`/`blinkRight` 0 open..1 closed (left and right of the picture), `gazeX`/`gazeY` −1..1 (right, down),
 * `brow` −1..1, `tongue` 0..1 (raised tip for l, n, th).
 */
export const FACE_COEFFICIENTS = [
  'jaw', 'pucker', 'funnel', 'smile', 'stretch', 'upperUp', 'lowerDown', 'press', 'tuck',
  'brow', 'blinkLeft', 'blinkRight', 'gazeX', 'gazeY', 'tongue',
] as const;

/** Name of one expression coefficient of the built-in face. */
export type FaceCoefficient = (typeof FACE_COEFFICIENTS)[number];

/** Index of each coefficient in `MotionFrame.expression`. */
export const FACE_INDEX: Readonly<Record<FaceCoefficient, number>> = Object.freeze(
  Object.fromEntries(FACE_COEFFICIENTS.map((name, index) => [name, index])),
) as Readonly<Record<FaceCoefficient, number>>;

/** How the head stands, relative to the portrait. */
export interface HeadPose {
  /** Turn to the picture's right, in degrees. */
  readonly yawDeg: number;
  /** Nod down, in degrees. */
  readonly pitchDeg: number;
  /** Tilt clockwise in the picture, in degrees. */
  readonly rollDeg: number;
  /** Shift to the right, in millimetres of the face frame. */
  readonly xMm: number;
  /** Shift down, in millimetres of the face frame. */
  readonly yMm: number;
}

/** A face that looks as in the portrait. */
export const NEUTRAL_POSE: HeadPose = Object.freeze({ yawDeg: 0, pitchDeg: 0, rollDeg: 0, xMm: 0, yMm: 0 });

/** Head angles that replace the networks' own, in degrees as SadTalker counts them; an angle left out stays the networks'. */
export interface ViewAngles {
  readonly yawDeg?: number;
  readonly pitchDeg?: number;
  readonly rollDeg?: number;
}

/** The face's motion at one video frame. */
export interface MotionFrame {
  /** Media time of the frame, in microseconds. */
  readonly mediaUs: number;
  /**
   * What the pack that draws it reads. Built-in face: one value per coefficient (`FACE_COEFFICIENTS`).
   * SadTalker: the window of coefficient rows around the frame, columns × 27 with time last (`base/coefficient-layout.ts`).
   */
  readonly expression: Float32Array;
  /** Built-in face only: SadTalker's windows hold the pose. */
  readonly pose: HeadPose;
  /** SadTalker only. */
  readonly view?: ViewAngles;
}
