import type { Avatar } from '../avatars/avatar.ts';
import type { Closeable } from '../base/scope.ts';
import type { HeadStyle } from '../motion/head-motion.ts';
import type { MotionStream } from '../motion/motion-stream.ts';
import type { FaceDrawing } from '../render/renderer.ts';

/** Packs that can draw a face: the built-in one, and SadTalker's networks where they were imported. */
export const PACK_NAMES = ['built-in', 'sadtalker'] as const;

/** Name of a pack. */
export type PackName = (typeof PACK_NAMES)[number];

export { FULL_LOOK_AHEAD_FRAMES } from '../motion/sadtalker/neural-face-motion.ts';

/** Ways the built-in head can move. */
export const HEAD_STYLES = ['calm', 'lively', 'presenter'] as const satisfies readonly HeadStyle[];

/** How one viewer's face moves. Each pack takes what is meant for it. */
export interface FaceOptions {
  /** Whole number; the same seed and sound give the same motion. */
  readonly seed: number;
  /** Built-in face: how the head moves. */
  readonly style: HeadStyle;
  /** SadTalker: head-pose style, 0 to 45. */
  readonly poseStyle: number;
  /** SadTalker: factor on the expression, 0 to 3. */
  readonly expressionScale: number;
  /** SadTalker: the head keeps the portrait's pose. */
  readonly still: boolean;
  /** SadTalker: frames of 40 ms that each frame waits for sound after it, 0 to 13 or `FULL_LOOK_AHEAD_FRAMES`; the session's delay grows by as much. */
  readonly lookAheadFrames: number;
}

/** Defaults of `FaceOptions`, but the seed. */
export const FACE_DEFAULTS: Omit<FaceOptions, 'seed'> = Object.freeze({ style: 'lively', poseStyle: 0, expressionScale: 1, still: false, lookAheadFrames: 0 });

/** One viewer's face; both parts belong to whoever opened it. */
export interface OpenFace {
  readonly motion: MotionStream;
  readonly drawing: FaceDrawing;
}

/** Moves and draws faces: an expression model, a pose and a renderer that fit together. */
export interface FacePack extends Closeable {
  readonly name: PackName;
  /** What its renderer runs on, for logs and metrics: `cpu`, `cuda`. */
  readonly provider: string;
  /** Why it can draw no more, once a thread of it is gone for good; then it must be opened anew. */
  readonly failure: Error | undefined;
  /** Faces it can keep at 25 frames a second; Infinity where the processor's load decides. */
  readonly seats: number;
  /** Opens a portrait for one viewer. */
  openFace(avatar: Avatar, options: FaceOptions): Promise<OpenFace>;
}
