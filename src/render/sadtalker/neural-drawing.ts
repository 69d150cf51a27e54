import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';
import { InvalidStateError } from '../../base/errors.ts';
import type { MotionFrame } from '../../base/motion-frame.ts';
import type { Picture } from '../../base/picture.ts';
import type { FaceDrawing } from '../renderer.ts';
import type { WaitingFrame } from './frame-scheduler.ts';
import { PictureSlots } from './picture-slots.ts';
import type { SlotMemory } from './slot-memory.ts';

/** A frame on its way to its picture. */
export interface DrawingFrame extends WaitingFrame {
  readonly drawing: NeuralDrawing;
  readonly slot: number;
  readonly mediaUs: number;
  resolve(picture: Picture): void;
  reject(error: Error): void;
}

/** What a drawing is made from. */
export interface NeuralDrawingParts {
  /** Its number among all drawings of the renderer. */
  readonly number: number;
  readonly portrait: NeuralPortrait;
  readonly shape: Omit<SlotMemory, 'buffer'>;
  /** Floats of a window; the view follows it in a slot's motion. */
  readonly windowFloats: number;
  /** Milliseconds that a frame may take from now on. */
  readonly allowanceMs: () => number;
  readonly ask: (frame: DrawingFrame) => void;
  /** Takes the drawing's frames back and forgets it. */
  readonly onClosed: (drawing: NeuralDrawing) => void;
}

type DrawingState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'closed' };

/** One viewer's face, drawn by the networks; made by `NeuralRenderer.open`. */
export class NeuralDrawing implements FaceDrawing {
  readonly number: number;
  readonly portrait: NeuralPortrait;
  readonly width: number;
  readonly height: number;
  readonly #parts: NeuralDrawingParts;
  readonly #slots: PictureSlots;
  readonly #opened = Promise.withResolvers<undefined>();
  /** Frames asked for and not settled. */
  readonly #frames = new Set<DrawingFrame>();
  #state: DrawingState = { kind: 'opening' };
  #asked = 0;
  #deadlineMs = -Infinity;
  #closing: Promise<void> | undefined;

  constructor(parts: NeuralDrawingParts) {
    this.#parts = parts;
    this.#slots = new PictureSlots(parts.shape);
    this.number = parts.number;
    this.portrait = parts.portrait;
    this.width = parts.shape.width;
    this.height = parts.shape.height;
  }

  /** Settles when a thread has opened it, or failed to. */
  get opened(): Promise<undefined> {
    return this.#opened.promise;
  }

  /** Memory of its motions and pictures. */
  get memory(): SlotMemory {
    return this.#slots.memory;
  }

  draw(motion: MotionFrame): Promise<Picture> {
    if (motion.expression.length !== this.#parts.windowFloats) {
      return Promise.reject(new TypeError(`This face takes windows of ${this.#parts.windowFloats} coefficients, not ${motion.expression.length}.`));
    }
    switch (this.#state.kind) {
      case 'closed': {
        return Promise.reject(new InvalidStateError('The drawing is closed.'));
      }
      case 'failed': {
        return Promise.reject(this.#state.error);
      }
      case 'opening': {
        return Promise.reject(new InvalidStateError('The drawing is being opened. Wait for it.'));
      }
      case 'ready': {
        return this.#ask(motion);
      }
    }
  }

  /** A thread holds it now. */
  ready(): void {
    if (this.#state.kind === 'opening') {
      this.#state = { kind: 'ready' };
      this.#opened.resolve(undefined);
    }
  }

  /** Moves to new memory for another thread; frames that wait keep their motions. */
  renew(): void {
    this.#slots.renew();
  }

  /** Hands a drawn frame to whoever asked for it. */
  drawn(frame: DrawingFrame): void {
    if (this.#frames.delete(frame)) {
      frame.resolve(this.#slots.handOut(frame.slot, frame.mediaUs));
    }
  }

  /** Rejects one frame. */
  lose(frame: DrawingFrame, error: Error): void {
    if (this.#frames.delete(frame)) {
      this.#slots.giveBack(frame.slot);
      frame.reject(error);
    }
  }

  /** Gives up: frames under way and all later ones are rejected with the error. */
  giveUp(error: Error): void {
    if (this.#state.kind !== 'closed') {
      this.#state = { kind: 'failed', error };
    }
    this.#opened.reject(error);
    this.#loseAll(error);
  }

  /** Rejects frames under way; pictures that are out stay valid until released. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ask({ expression, view, mediaUs }: MotionFrame): Promise<Picture> {
    const taken = this.#slots.take();
    if (taken === undefined) {
      return Promise.reject(new InvalidStateError(`All ${this.#parts.shape.slots} pictures of the drawing are waiting, under way or unreleased. Release some, or leave this frame out.`));
    }
    taken.motion.set(expression);
    const viewAt = expression.length;
    taken.motion[viewAt] = view?.yawDeg ?? NaN;
    taken.motion[viewAt + 1] = view?.pitchDeg ?? NaN;
    taken.motion[viewAt + 2] = view?.rollDeg ?? NaN;
    this.#asked += 1;
    const askedMs = performance.now();
    // Never before the last one's: frames keep their order.
    this.#deadlineMs = Math.max(this.#deadlineMs, askedMs + this.#parts.allowanceMs());
    const { promise, resolve, reject } = Promise.withResolvers<Picture>();
    const frame: DrawingFrame = { drawing: this, number: this.#asked, slot: taken.slot, mediaUs, askedMs, deadlineMs: this.#deadlineMs, resolve, reject };
    this.#frames.add(frame);
    this.#parts.ask(frame);
    return promise;
  }

  #loseAll(error: Error): void {
    for (const frame of this.#frames) {
      this.lose(frame, error);
    }
  }

  #close(): Promise<void> {
    this.#state = { kind: 'closed' };
    this.#opened.reject(new InvalidStateError('The drawing was closed before it was open.'));
    this.#loseAll(new InvalidStateError('The drawing was closed.'));
    this.#parts.onClosed(this);
    return Promise.resolve();
  }
}
