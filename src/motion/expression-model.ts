import type { MelWindow } from '../base/mel-window.ts';
import type { Closeable } from '../base/scope.ts';

/** What the expression is relative to. */
export interface ExpressionReference {
  /** The portrait's own coefficients (built-in face: all zero, the portrait as it is). */
  readonly expression: Float32Array;
}

/** One session's speech-to-expression stream: windows in order, one per video frame. */
export interface ExpressionStream extends Closeable {
  /** Returns the mouth's coefficients at the window's video frame; eyes and brows stay 0. */
  next(window: MelWindow): Promise<Float32Array>;
  /** Forgets the past, after an interrupt: the mouth closes from where it is. */
  reset(): void;
}

/** Turns 0.2 s of sound around a video frame into the face's expression. */
export interface ExpressionModel extends Closeable {
  /** Name for logs and metrics. */
  readonly name: string;
  open(reference: ExpressionReference): ExpressionStream;
}
