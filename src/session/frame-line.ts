import type { EncodedUnit } from '../base/encoded-unit.ts';
import { InvalidStateError } from '../base/errors.ts';
import { FRAME_US } from '../base/media-clock.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES } from '../base/mel-window.ts';
import type { MelWindow } from '../base/mel-window.ts';
import type { Picture } from '../base/picture.ts';
import { Scope } from '../base/scope.ts';
import type { Closeable } from '../base/scope.ts';
import type { Stats } from '../base/stats.ts';
import { WHOLE_FROM_BPS } from '../encode/bitrate-controller.ts';
import type { SizedEncoder } from '../encode/sized-encoder.ts';
import type { FrameBudget } from './frame-budget.ts';
import type { FaceState } from '../motion/face-state.ts';
import type { MotionStream } from '../motion/motion-stream.ts';
import type { FaceDrawing } from '../render/renderer.ts';

/** Most frames being made at once, 120 ms; the next one is dropped: late frames never pile up. */
const MOST_IN_FLIGHT = 3;

/** Most windows that wait for their motion, 400 ms; the next one is left out, so that lips never trail by more. */
const MOST_WAITING = 10;

/** A picture that is this late is not encoded any more, unless nothing was sent for `LONGEST_GAP_US`. Less is hidden by viewers' jitter buffers. */
const TOO_LATE_US = 2 * FRAME_US;
const LONGEST_GAP_US = 5 * FRAME_US;

/** Frames lost in a row, a minute of them, after which the drawing counts as gone for good: with a pack that broke and was closed, say. */
const MOST_LOST = 1500;

/** How far a mel window reaches back: windows up to this long after an interrupt still hold what was interrupted. */
const WINDOW_PAST_US = 100_000;

/** The mel window of silence. */
const SILENCE = new Float32Array(MEL_BANDS * MEL_WINDOW_FRAMES).fill(-4);

/** What a frame line is made of. */
export interface FrameLineParts {
  /** Owned and closed by the line, as are `drawing` and `encoder`. */
  readonly motion: MotionStream;
  readonly drawing: FaceDrawing;
  readonly encoder: SizedEncoder;
  /** Shared by all sessions. */
  readonly budget: FrameBudget;
  readonly stats: Stats;
  readonly onFailed: (error: unknown) => void;
}

/**
 * One viewer's way from mel windows to encoded frames: motion → picture → packet. Stages of consecutive frames overlap;
 * frames keep their order. A failure in any stage ends the line once, through `onFailed`.
 */
export class FrameLine implements Closeable {
  readonly #scope = new Scope();
  readonly #parts: FrameLineParts;
  readonly #maySpend: () => boolean;
  readonly #due: EncodedUnit[] = [];
  #motionTail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #frames = 0;
  #inFlight = 0;
  #lost = 0;
  #takenUs = -Infinity;
  #sentUs = -Infinity;
  #silentUntilUs = -Infinity;
  #wantsKeyFrame = true;
  /** Until when no frame is made, `performance.now()`. */
  #heldUntilMs = -Infinity;
  #failed = false;

  constructor(parts: FrameLineParts) {
    this.#parts = parts;
    this.#scope.own(parts.motion);
    this.#scope.own(parts.drawing);
    this.#scope.own(parts.encoder);
    this.#maySpend = parts.budget.open();
  }

  /** Frames being made. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bits a second asked of the encoder. */
  get bitrateBps(): number {
    return this.#parts.encoder.bitrateBps;
  }

  /** Takes over a bitrate from the next frame on; a very low one also halves the frame rate. */
  setBitrate(bitrateBps: number): void {
    this.#parts.encoder.setBitrate(bitrateBps);
  }

  /** Makes no frame for some milliseconds: those under way have to pass first. */
  hold(ms: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, performance.now() + ms);
  }

  /** Makes the next frame one that can be decoded alone. */
  requestKeyFrame(): void {
    this.#wantsKeyFrame = true;
  }

  /**
   * At a media time the sound was cut off: the mouth closes from where it is, as windows that still hold the old sound count
   * as silence. The one or two frames that are encoded already still leave, within 60 ms: the viewer's decoder needs each for the next.
   */
  interrupt(mediaUs: number): void {
    this.#silentUntilUs = mediaUs + WINDOW_PAST_US;
    this.#parts.motion.reset();
  }

  /** Starts the frame of a window; windows come in order, one per frame. */
  push(window: MelWindow, state: FaceState): void {
    const { budget, stats } = this.#parts;
    if (this.#waiting >= MOST_WAITING) {
      budget.missed();
      stats.count('frames_dropped');
      return;
    }
    this.#waiting += 1;
    const heard = window.mediaUs < this.#silentUntilUs ? { mediaUs: window.mediaUs, values: SILENCE } : window;
    this.#motionTail = this.#motionTail.then(() => this.#make(heard, state)).catch((error: unknown) => { this.#fail(error); })
      .finally(() => { this.#waiting -= 1; });
  }

  /** Takes the frames that are due at a media time, oldest first: usually one, none when it is late. */
  takeDue(mediaUs: number): EncodedUnit[] {
    this.#takenUs = mediaUs;
    const later = this.#due.findIndex((unit) => unit.mediaUs > mediaUs);
    const due = this.#due.splice(0, later === -1 ? this.#due.length : later);
    if (due.length > 0) {
      this.#sentUs = mediaUs;
    } else if (mediaUs % FRAME_US === 0 && this.#sentUs > -Infinity) {
      this.#parts.stats.count('frames_repeated');
    }
    return due;
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #make(window: MelWindow, state: FaceState): Promise<void> {
    if (this.#scope.closed || this.#failed) {
      return;
    }
    const { motion: stream, drawing, stats } = this.#parts;
    const startMs = performance.now();
    const motion = await stream.next(window, state);
    stats.stageMs('motion', performance.now() - startMs);
    if (motion === undefined || !this.#begins()) {
      return;
    }
    this.#inFlight += 1;
    // Not awaited: the next window's motion is worked out while this one is drawn.
    void drawing.draw(motion).then((picture) => this.#encode(picture)).catch((error: unknown) => { this.#lose(error); })
      .finally(() => { this.#inFlight -= 1; });
  }

  /** Says whether the next frame is to be drawn, and counts it when not. */
  #begins(): boolean {
    this.#frames += 1;
    if ((this.bitrateBps < WHOLE_FROM_BPS && this.#frames % 2 === 0) || performance.now() < this.#heldUntilMs) {
      return false;
    }
    const { budget, stats } = this.#parts;
    if (!this.#maySpend()) {
      stats.count('frames_dropped');
      return false;
    }
    if (this.#inFlight >= MOST_IN_FLIGHT) {
      budget.missed();
      stats.count('frames_dropped');
      return false;
    }
    return true;
  }

  async #encode(picture: Picture): Promise<void> {
    const { budget, encoder, stats } = this.#parts;
    try {
      this.#lost = 0;
      stats.count('frames_rendered');
      if (this.#takenUs - picture.mediaUs >= TOO_LATE_US && this.#takenUs - this.#sentUs < LONGEST_GAP_US) {
        budget.missed();
        stats.count('frames_dropped');
        return;
      }
      const startMs = performance.now();
      const keyFrame = this.#wantsKeyFrame;
      this.#wantsKeyFrame = false;
      const unit = await encoder.encode(picture, { keyFrame });
      stats.stageMs('encode_video', performance.now() - startMs);
      if (unit.keyFrame) {
        stats.count('key_frames');
      }
      if (unit.mediaUs <= this.#takenUs) {
        stats.count('frames_late');
      }
      if (this.#takenUs - unit.mediaUs >= FRAME_US) {
        budget.missed();
      }
      this.#due.push(unit);
    } finally {
      picture.release();
    }
  }

  /** One frame that came at the wrong moment (its thread was replaced, say) is left out; very many in a row, or any other failure, are the end. */
  #lose(error: unknown): void {
    this.#lost += 1;
    if (error instanceof InvalidStateError && this.#lost < MOST_LOST) {
      this.#parts.stats.count('frames_dropped');
    } else {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!this.#failed && !this.#scope.closed) {
      this.#failed = true;
      this.#parts.onFailed(error);
    }
  }
}
