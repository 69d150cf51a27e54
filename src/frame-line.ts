import type { EncodedUnit } from './base/encoded-unit.ts';
import { InvalidStateError } from './base/errors.ts';
import type { MelWindow } from './base/mel-window.ts';
import type { Picture } from './base/picture.ts';
import { Scope } from './base/scope.ts';
import type { Closeable } from './base/scope.ts';
import type { Stats } from './base/stats.ts';
import type { VideoEncoder } from './encode/video-encoder.ts';
import type { FaceMotion, FaceState } from './motion/face-motion.ts';
import type { FaceDrawing } from './render/renderer.ts';

/** Most frames being made at once; the next one is dropped: late frames never pile up. */
const MOST_IN_FLIGHT = 3;

/**
 * One viewer's way from mel windows to encoded frames: motion → picture → packet. Stages of consecutive frames overlap;
 * frames keep their order. A failure in any stage ends the line once, through `onFailed`.
 */
export class FrameLine implements Closeable {
  readonly #scope = new Scope();
  readonly #face: FaceMotion;
  readonly #drawing: FaceDrawing;
  readonly #encoder: VideoEncoder;
  readonly #stats: Stats;
  readonly #onFailed: (error: unknown) => void;
  readonly #due: EncodedUnit[] = [];
  #motionTail: Promise<void> = Promise.resolve();
  #inFlight = 0;
  #takenUs = -Infinity;
  #wantsKeyFrame = true;
  #failed = false;

  /** Owns what it is given, and closes it. */
  constructor(parts: { face: FaceMotion; drawing: FaceDrawing; encoder: VideoEncoder; stats: Stats; onFailed: (error: unknown) => void }) {
    this.#face = this.#scope.own(parts.face);
    this.#drawing = this.#scope.own(parts.drawing);
    this.#encoder = this.#scope.own(parts.encoder);
    this.#stats = parts.stats;
    this.#onFailed = parts.onFailed;
  }

  /** Frames being made. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bits a second asked of the encoder. */
  get bitrateBps(): number {
    return this.#encoder.bitrateBps;
  }

  setBitrate(bitrateBps: number): void {
    this.#encoder.setBitrate(bitrateBps);
  }

  /** Makes the next frame one that can be decoded alone. */
  requestKeyFrame(): void {
    this.#wantsKeyFrame = true;
  }

  /** The mouth closes from where it is; for interrupts. */
  reset(): void {
    this.#face.reset();
  }

  /** Starts the frame of a window; windows come in order, one per frame. */
  push(window: MelWindow, state: FaceState): void {
    this.#motionTail = this.#motionTail.then(() => this.#make(window, state)).catch((error: unknown) => { this.#fail(error); });
  }

  /** Takes the frames that are due at a media time, oldest first: usually one, none when it is late. */
  takeDue(mediaUs: number): EncodedUnit[] {
    this.#takenUs = mediaUs;
    const later = this.#due.findIndex((unit) => unit.mediaUs > mediaUs);
    return this.#due.splice(0, later === -1 ? this.#due.length : later);
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
    const startMs = performance.now();
    const motion = await this.#face.next(window, state);
    this.#stats.stageMs('motion', performance.now() - startMs);
    if (this.#inFlight >= MOST_IN_FLIGHT) {
      this.#stats.count('frames_dropped');
      return;
    }
    this.#inFlight += 1;
    // Not awaited: the next window's motion is worked out while this one is drawn.
    void this.#drawing.draw(motion).then((picture) => this.#encode(picture)).catch((error: unknown) => { this.#lose(error); })
      .finally(() => { this.#inFlight -= 1; });
  }

  async #encode(picture: Picture): Promise<void> {
    try {
      this.#stats.count('frames_rendered');
      const startMs = performance.now();
      const keyFrame = this.#wantsKeyFrame;
      this.#wantsKeyFrame = false;
      const unit = await this.#encoder.encode(picture, { keyFrame });
      this.#stats.stageMs('encode_video', performance.now() - startMs);
      if (unit.keyFrame) {
        this.#stats.count('key_frames');
      }
      if (unit.mediaUs <= this.#takenUs) {
        this.#stats.count('frames_late');
      }
      this.#due.push(unit);
    } finally {
      picture.release();
    }
  }

  /** One frame that came at the wrong moment (its thread was replaced, say) is left out; any other failure is the end. */
  #lose(error: unknown): void {
    if (error instanceof InvalidStateError) {
      this.#stats.count('frames_dropped');
    } else {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!this.#failed && !this.#scope.closed) {
      this.#failed = true;
      this.#onFailed(error);
    }
  }
}
