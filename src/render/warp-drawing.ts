import type { Avatar } from '../avatars/avatar.ts';
import { InvalidStateError } from '../base/errors.ts';
import { FACE_COEFFICIENTS, type MotionFrame } from '../base/motion-frame.ts';
import type { Picture } from '../base/picture.ts';
import type { Stats } from '../base/stats.ts';
import { PictureRing } from './picture-ring.ts';
import type { FaceDrawing } from './renderer.ts';
import type { RenderAnswer } from './render-messages.ts';
import type { RenderThread } from './render-thread.ts';

interface PendingPicture {
  readonly mediaUs: number;
  resolve(picture: Picture): void;
  reject(error: Error): void;
}

type DrawingState =
  | { readonly kind: 'opening'; readonly thread: RenderThread }
  | { readonly kind: 'ready'; readonly thread: RenderThread; readonly ring: PictureRing }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'closed' };

/** What a drawing is made from. */
export interface WarpDrawingParts {
  /** Its number among all drawings of the renderer. */
  readonly drawing: number;
  readonly avatar: Avatar;
  /** Picture buffers. */
  readonly pictures: number;
  readonly stats: Stats;
  /** Called once when it is closed. */
  onClosed(): void;
}

/** One viewer's face on a render thread; made by `WarpRenderer.open`. */
export class WarpDrawing implements FaceDrawing {
  readonly width: number;
  readonly height: number;
  readonly #parts: WarpDrawingParts;
  readonly #pending = new Map<number, PendingPicture>();
  readonly #opened = Promise.withResolvers<undefined>();
  #state: DrawingState;
  #closing: Promise<void> | undefined;

  constructor(parts: WarpDrawingParts, thread: RenderThread) {
    this.#parts = parts;
    this.width = parts.avatar.width;
    this.height = parts.avatar.height;
    this.#state = this.#openOn(thread);
  }

  /** Settles when its first thread has opened it, or failed to. */
  get opened(): Promise<undefined> {
    return this.#opened.promise;
  }

  /** The thread that draws it now. */
  get thread(): RenderThread | undefined {
    return this.#state.kind === 'opening' || this.#state.kind === 'ready' ? this.#state.thread : undefined;
  }

  draw(motion: MotionFrame): Promise<Picture> {
    if (motion.expression.length !== FACE_COEFFICIENTS.length) {
      return Promise.reject(new TypeError(`The built-in face takes ${FACE_COEFFICIENTS.length} coefficients, not ${motion.expression.length}.`));
    }
    const state = this.#state;
    switch (state.kind) {
      case 'closed': {
        return Promise.reject(new InvalidStateError('The drawing is closed.'));
      }
      case 'failed': {
        return Promise.reject(state.error);
      }
      case 'opening': {
        return Promise.reject(new InvalidStateError('The drawing is being opened on another thread. Leave this frame out.'));
      }
      case 'ready': {
        return this.#drawOn(state.thread, state.ring, motion);
      }
    }
  }

  /** Takes what the thread says about this drawing. */
  answered(answer: RenderAnswer): void {
    switch (answer.kind) {
      case 'opened': {
        this.#ready(answer);
        return;
      }
      case 'drawn': {
        this.#parts.stats.stageMs('render', answer.ms);
        this.#settle(answer.picture, undefined);
        return;
      }
      case 'failed': {
        const error = new Error(`The face could not be drawn: ${answer.message}`);
        if (answer.picture === undefined) {
          this.#fail(error);
        } else {
          this.#settle(answer.picture, error);
        }
      }
    }
  }

  /** Opens it again on another thread after its own died; frames under way are rejected. */
  moveTo(thread: RenderThread, cause: Error): void {
    this.#rejectAll(new InvalidStateError(`The frame was lost with its render thread: ${cause.message}`));
    if (this.#state.kind === 'opening' || this.#state.kind === 'ready') {
      this.#state = this.#openOn(thread);
    }
  }

  /** Gives up: every later frame is rejected with the error. */
  giveUp(error: Error): void {
    this.#rejectAll(error);
    if (this.#state.kind !== 'closed') {
      this.#state = { kind: 'failed', error };
    }
    this.#opened.reject(error);
  }

  /** Rejects frames under way; pictures that are out stay valid until released, then the thread frees their memory. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #openOn(thread: RenderThread): DrawingState {
    thread.open(this.#parts.drawing, this.#parts.avatar, this.#parts.pictures);
    return { kind: 'opening', thread };
  }

  #ready(answer: Extract<RenderAnswer, { kind: 'opened' }>): void {
    if (this.#state.kind !== 'opening') {
      return;
    }
    const { width, height } = this;
    const ring = new PictureRing({
      buffer: answer.memory.buffer, picturesAt: answer.picturesAt, motionsAt: answer.motionsAt, pictures: this.#parts.pictures, width, height,
    });
    this.#state = { kind: 'ready', thread: this.#state.thread, ring };
    this.#opened.resolve(undefined);
  }

  #drawOn(thread: RenderThread, ring: PictureRing, motion: MotionFrame): Promise<Picture> {
    const picture = ring.take(motion);
    if (picture === undefined) {
      return Promise.reject(new InvalidStateError(`All ${this.#parts.pictures} pictures of the drawing are under way or unreleased. Release some, or leave this frame out.`));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Picture>();
    this.#pending.set(picture, { mediaUs: motion.mediaUs, resolve, reject });
    thread.draw(this.#parts.drawing, picture);
    return promise;
  }

  #settle(picture: number, error: Error | undefined): void {
    if (this.#state.kind !== 'ready') {
      return;
    }
    const pending = this.#pending.get(picture);
    this.#pending.delete(picture);
    if (error === undefined && pending !== undefined) {
      pending.resolve(this.#state.ring.handOut(picture, pending.mediaUs));
    } else {
      this.#state.ring.giveBack(picture);
      pending?.reject(error ?? new InvalidStateError('The drawing was closed.'));
    }
  }

  #fail(error: Error): void {
    this.thread?.closeDrawing(this.#parts.drawing, this.#parts.avatar.id);
    this.giveUp(error);
  }

  #rejectAll(error: Error): void {
    for (const pending of this.#pending.values()) {
      pending.reject(error);
    }
    this.#pending.clear();
  }

  #close(): Promise<void> {
    const { drawing, avatar } = this.#parts;
    const state = this.#state;
    this.#state = { kind: 'closed' };
    const underWay = [...this.#pending.keys()];
    this.#rejectAll(new InvalidStateError('The drawing was closed.'));
    if (state.kind === 'opening') {
      state.thread.closeDrawing(drawing, avatar.id);
      this.#opened.reject(new InvalidStateError('The drawing was closed before it was open.'));
    } else if (state.kind === 'ready') {
      // The thread works in order: frames under way are drawn before it reads the request that frees them.
      underWay.forEach((picture) => { state.ring.giveBack(picture); });
      state.ring.whenIdle(() => { state.thread.closeDrawing(drawing, avatar.id); });
    }
    this.#parts.onClosed();
    return Promise.resolve();
  }
}
