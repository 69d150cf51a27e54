import type { Avatar } from '../avatars/avatar.ts';
import type { MotionFrame } from '../base/motion-frame.ts';
import type { Picture } from '../base/picture.ts';
import type { Closeable } from '../base/scope.ts';

/** One viewer's face being drawn. Frames come back in the order they were asked for. */
export interface FaceDrawing extends Closeable {
  /** Size of its pictures in pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * Draws one frame off the main thread. The caller owns the picture until it calls `release()`.
   * Rejects when no picture buffer is free (more than the drawing's limit are unreleased or under way) or the drawing is closed.
   */
  draw(motion: MotionFrame): Promise<Picture>;
}

/** Draws portraits in motion, many viewers at a time, on its own threads. */
export interface Renderer<Portrait = Avatar> extends Closeable {
  /** Prepares a portrait for one viewer. */
  open(portrait: Portrait): Promise<FaceDrawing>;
}
