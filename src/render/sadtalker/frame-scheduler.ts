import type { BatchClock } from './batch-clock.ts';

/** A frame that waits to be drawn; times are those of `performance.now()`. */
export interface WaitingFrame {
  /** Counts up as frames are asked for. */
  readonly number: number;
  readonly askedMs: number;
  /** When its picture must be there; Infinity for a frame that may take any time. */
  readonly deadlineMs: number;
}

/** What a scheduler works with. */
export interface FrameSchedulerParts<Frame extends WaitingFrame> {
  readonly clock: BatchClock;
  /** Open drawings: as many frames can come at once. */
  readonly viewers: () => number;
  /** How long a batch that is not full waits for more frames, where the deadlines allow, in milliseconds. Default 4. */
  readonly gatherMs?: number;
  /** Draws a batch; `free()` follows when it is done. */
  readonly draw: (frames: readonly Frame[]) => void;
  /** Told of a frame that can't be drawn in time any more. */
  readonly tooLate: (frame: Frame) => void;
}

/** Frames of one tick of the media clock come within a few milliseconds of one another. */
const GATHER_MS = 4;

/**
 * Decides what is drawn together and when: the earliest deadline first, whoever's frames they are, and as many of them as
 * a batch takes that is done by the first one's deadline.
 * A frame that can't be drawn by its deadline is dropped (`tooLate`), so that a queue never outgrows what can be drawn in time;
 * so is one that only a smaller batch could save while others wait for a full one.
 */
export class FrameScheduler<Frame extends WaitingFrame> {
  readonly #parts: FrameSchedulerParts<Frame>;
  /** By deadline; equal ones in the order in which they came. */
  readonly #waiting: Frame[] = [];
  #free = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: FrameSchedulerParts<Frame>) {
    this.#parts = parts;
  }

  /** Frames that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes frames to be drawn; also those that were lost with a thread. */
  add(...frames: readonly Frame[]): void {
    for (const frame of frames) {
      let at = this.#waiting.length;
      while (at > 0 && comesBefore(frame, this.#waiting[at - 1]!)) {
        at -= 1;
      }
      this.#waiting.splice(at, 0, frame);
    }
    this.#go();
  }

  /** The drawing thread can take a batch. */
  free(): void {
    this.#free = true;
    this.#go();
  }

  /** The drawing thread can take no batch until `free()`. */
  busy(): void {
    this.#free = false;
    this.#go();
  }

  /** Takes the frames out that fit. */
  remove(fits: (frame: Frame) => boolean): Frame[] {
    const removed = this.#waiting.filter(fits);
    for (const frame of removed) {
      this.#waiting.splice(this.#waiting.indexOf(frame), 1);
    }
    this.#go();
    return removed;
  }

  #go(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { clock, viewers, draw, gatherMs = GATHER_MS } = this.#parts;
    const nowMs = performance.now();
    this.#dropLate(nowMs);
    const first = this.#waiting[0];
    if (first === undefined) {
      return;
    }
    const full = Math.min(clock.most, viewers());
    const gathersUntilMs = Math.min(first.askedMs + gatherMs, first.deadlineMs - clock.expectedMs(full));
    if (this.#free && (this.#waiting.length >= full || nowMs >= gathersUntilMs)) {
      this.#free = false;
      draw(this.#takeBatch(nowMs));
      this.#go();
      return;
    }
    this.#lookAgain((this.#free ? gathersUntilMs : this.#lastStartMs(first)) - nowMs);
  }

  /** Takes the largest batch that is done by its first deadline, at least one frame. */
  #takeBatch(nowMs: number): Frame[] {
    const { clock, tooLate } = this.#parts;
    const surplus = this.#waiting.length - clock.most;
    let lost = 0;
    // Where more frames wait than a batch takes, some are lost anyway: the first ones, lest their deadlines keep batches small and drawing slow.
    while (lost < surplus && this.#waiting[lost]!.deadlineMs < nowMs + clock.expectedMs(clock.most)) {
      lost += 1;
    }
    this.#waiting.splice(0, lost).forEach(tooLate);
    let size = clock.most;
    while (size > 1 && this.#waiting[0]!.deadlineMs < nowMs + clock.expectedMs(size)) {
      size -= 1;
    }
    return this.#waiting.splice(0, size);
  }

  /** Drops the frames that can't be there in time, even alone and at once. */
  #dropLate(nowMs: number): void {
    const inTime = this.#waiting.findIndex((frame) => this.#lastStartMs(frame) >= nowMs);
    const late = this.#waiting.splice(0, inTime < 0 ? this.#waiting.length : inTime);
    late.forEach((frame) => { this.#parts.tooLate(frame); });
  }

  #lastStartMs(frame: Frame): number {
    return frame.deadlineMs - this.#parts.clock.expectedMs(1);
  }

  #lookAgain(inMs: number): void {
    if (inMs < Infinity) {
      this.#timer = setTimeout(() => { this.#go(); }, Math.max(0, inMs) + 1);
    }
  }
}

function comesBefore(frame: WaitingFrame, other: WaitingFrame): boolean {
  return frame.deadlineMs < other.deadlineMs || (frame.deadlineMs === other.deadlineMs && frame.number < other.number);
}
