import type { MelWindow } from '../base/mel-window.ts';
import type { MotionFrame } from '../base/motion-frame.ts';
import type { Closeable } from '../base/scope.ts';
import type { FaceState } from './face-state.ts';

/** One session's face in motion. Windows come in order, one per video frame of 40 ms. */
export interface MotionStream extends Closeable {
  /**
   * Takes the next window and returns the frame that can be drawn now: the window's own, or one that waited for sound after it.
   * Nothing while the first frames wait.
   */
  next(window: MelWindow, state: FaceState): Promise<MotionFrame | undefined>;
  /** After an interrupt: the mouth closes from where it is within 120 ms, also in frames that wait; eyes and head go on. */
  reset(): void;
  /** Returns the frames that still wait, when no more sound comes. Nothing may follow but `close()`. */
  finish(): Promise<readonly MotionFrame[]>;
}
