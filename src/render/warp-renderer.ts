import { availableParallelism } from 'node:os';
import type { Avatar } from '../avatars/avatar.ts';
import { InvalidStateError } from '../base/errors.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { pictureBytes } from '../base/picture.ts';
import { noStats, type Stats } from '../base/stats.ts';
import { openedDrawing } from './opened-drawing.ts';
import type { FaceDrawing, Renderer } from './renderer.ts';
import { RenderThread, type RenderThreadOptions } from './render-thread.ts';
import { WarpDrawing } from './warp-drawing.ts';

/** Most threads that draw. */
export const MOST_RENDER_THREADS = 64;

/** Options of `WarpRenderer`. */
export interface WarpRendererOptions {
  /** Threads that draw, 1 to 64. Default: one less than the machine's cores, within these bounds. */
  readonly threads?: number;
  /** Picture buffers of each drawing, 2 to 64: as many frames can be under way or unreleased. Default 6. */
  readonly picturesPerDrawing?: number;
  /** Default: kept nowhere. */
  readonly stats?: Stats;
  /** Default: silent. */
  readonly logger?: Logger;
  /** How the worker threads are run; for tests. */
  readonly thread?: RenderThreadOptions;
}

/** Defaults of `WarpRendererOptions`. */
export const WARP_RENDERER_DEFAULTS: Required<WarpRendererOptions> = Object.freeze({
  threads: Math.min(MOST_RENDER_THREADS, Math.max(1, availableParallelism() - 1)),
  picturesPerDrawing: 6,
  stats: noStats,
  logger: silentLogger,
  thread: {},
});

/** A thread that dies this often in a row without having answered takes its drawings with it, and is not started again until another is opened. */
const DEATHS_IN_A_ROW = 3;

interface Slot {
  thread: RenderThread;
  deaths: number;
}

/**
 * Draws photos in motion by warping them, on a pool of worker threads; a thread that dies is replaced.
 * A thread draws in the order of asking, whichever session asks. That is earliest deadline first: every session asks for
 * a frame as soon as its sound is there, and the frame is due the same time later (`speech.pipelineMs`) in all of them.
 */
export class WarpRenderer implements Renderer {
  readonly #options: Required<WarpRendererOptions>;
  readonly #slots: readonly Slot[];
  readonly #drawings = new Map<number, WarpDrawing>();
  #lastDrawing = 0;
  #closing: Promise<void> | undefined;

  constructor(options: WarpRendererOptions = {}) {
    this.#options = { ...WARP_RENDERER_DEFAULTS, ...options };
    wholeNumber('threads', this.#options.threads, 1, MOST_RENDER_THREADS);
    wholeNumber('picturesPerDrawing', this.#options.picturesPerDrawing, 2, 64);
    this.#slots = Array.from({ length: this.#options.threads }, () => this.#newSlot());
  }

  /**
   * Opens a drawing on the thread that has the fewest.
   * @throws TypeError when the avatar's parts do not fit together.
   */
  async open(avatar: Avatar): Promise<FaceDrawing> {
    checkAvatar(avatar);
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The renderer is closed.');
    }
    const slot = this.#slots.reduce((least, other) => (other.thread.drawings < least.thread.drawings ? other : least));
    if (slot.thread.ended) {
      slot.deaths = 0;
      slot.thread = this.#newThread(() => slot);
    }
    this.#lastDrawing += 1;
    const drawing = this.#lastDrawing;
    const { picturesPerDrawing: pictures, stats } = this.#options;
    const opening = new WarpDrawing({ drawing, avatar, pictures, stats, onClosed: () => { this.#drawings.delete(drawing); } }, slot.thread);
    this.#drawings.set(drawing, opening);
    return openedDrawing(opening);
  }

  /** Closes every drawing and stops the threads. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#drawings.values()].map((drawing) => drawing.close()));
    await Promise.all(this.#slots.map(({ thread }) => thread.stop()));
  }

  #newSlot(): Slot {
    const slot: Slot = { thread: this.#newThread(() => slot), deaths: 0 };
    return slot;
  }

  #newThread(slot: () => Slot): RenderThread {
    return new RenderThread({
      answered: (answer) => {
        slot().deaths = 0;
        this.#drawings.get(answer.drawing)?.answered(answer);
      },
      died: (cause) => { this.#replace(slot(), cause); },
    }, this.#options.thread);
  }

  #replace(slot: Slot, cause: Error): void {
    const { stats, logger } = this.#options;
    const dead = slot.thread;
    slot.deaths += 1;
    const drawings = [...this.#drawings.values()].filter(({ thread }) => thread === dead);
    if (slot.deaths >= DEATHS_IN_A_ROW) {
      logger.error({ error: cause.message, deaths: slot.deaths }, 'a render thread died too often and is given up');
      drawings.forEach((drawing) => { drawing.giveUp(new Error(`The render thread died ${slot.deaths} times in a row: ${cause.message}`)); });
      return;
    }
    slot.thread = this.#newThread(() => slot);
    stats.count('worker_restarts');
    logger.error({ error: cause.message, deaths: slot.deaths }, 'a render thread died and was replaced');
    drawings.forEach((drawing) => { drawing.moveTo(slot.thread, cause); });
  }
}

function wholeNumber(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new TypeError(`${name} is a whole number from ${least} to ${most}, not ${value}.`);
  }
}

/** Checks that an avatar's pictures and points have the lengths its size asks for. */
function checkAvatar(avatar: Avatar): void {
  const { width, height } = avatar;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 2 || height < 2 || width % 2 !== 0 || height % 2 !== 0) {
    throw new TypeError(`An avatar's width and height are even whole numbers, not ${width} × ${height}.`);
  }
  const pixels = (pictureBytes(width, height) * 2) / 3;
  const expected: readonly [string, ArrayLike<number>, number][] = [
    ['image', avatar.image, pixels * 3], ['matte', avatar.matte, pixels], ['background', avatar.background, pixels * 3],
    ['landmarks', avatar.landmarks, 468 * 3], ['leftEye', avatar.leftEye, 71 * 2], ['rightEye', avatar.rightEye, 71 * 2],
    ['leftIris', avatar.leftIris, 10], ['rightIris', avatar.rightIris, 10],
  ];
  for (const [name, values, length] of expected) {
    if (values.length !== length) {
      throw new TypeError(`The avatar's ${name} has ${values.length} values; ${width} × ${height} needs ${length}.`);
    }
  }
}
