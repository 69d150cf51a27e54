import { Worker } from 'node:worker_threads';
import type { Avatar } from '../avatars/avatar.ts';
import { SilenceWatch } from '../base/silence-watch.ts';
import type { RenderAnswer, RenderRequest } from './render-messages.ts';

/** Who hears what a render thread says. */
export interface RenderThreadListener {
  answered(answer: RenderAnswer): void;
  /** The thread is gone without having been asked to go. */
  died(cause: Error): void;
}

/** A thread that owes answers and gives none for so long hangs, in milliseconds. */
const PATIENCE_MS = 2000;

/** A thread that never answered may still be loading its files: it gets so many times the patience. */
const START_PATIENCE = 5;

/** How a render thread is run. */
export interface RenderThreadOptions {
  /** Main file of the worker. Default: the one that draws. */
  readonly entry?: URL;
  /** Default: 2000. */
  readonly patienceMs?: number;
}

/** One worker thread that draws; one that gives no answer for two seconds is stopped and counts as dead. Its owner numbers the drawings. */
export class RenderThread {
  readonly #worker: Worker;
  readonly #listener: RenderThreadListener;
  /** Drawings per avatar the thread holds. */
  readonly #avatars = new Map<string, number>();
  readonly #watch: SilenceWatch;
  #drawings = 0;
  #stopping: Promise<void> | undefined;
  #dead = false;

  constructor(listener: RenderThreadListener, { entry, patienceMs = PATIENCE_MS }: RenderThreadOptions = {}) {
    this.#listener = listener;
    this.#worker = new Worker(entry ?? new URL('./render-thread-main.ts', import.meta.url), { name: 'render' });
    this.#watch = new SilenceWatch(patienceMs, () => {
      this.#die(new Error(`The render thread gave no answer for ${patienceMs} ms, or ${START_PATIENCE * patienceMs} ms after its start.`));
      void this.#worker.terminate();
    }, START_PATIENCE * patienceMs);
    this.#worker.on('message', (answer: RenderAnswer) => {
      this.#watch.answered();
      listener.answered(answer);
    });
    this.#worker.on('error', (error: unknown) => { this.#die(error instanceof Error ? error : new Error(String(error))); });
    this.#worker.on('exit', (code) => { this.#die(new Error(`The render thread ended with exit code ${code}.`)); });
  }

  /** How many drawings it holds. */
  get drawings(): number {
    return this.#drawings;
  }

  /** True after the thread died or was stopped. */
  get ended(): boolean {
    return this.#dead || this.#stopping !== undefined;
  }

  /** Opens a drawing; the avatar is sent only when the thread does not hold it. */
  open(drawing: number, avatar: Avatar, pictures: number): void {
    const held = this.#avatars.get(avatar.id) ?? 0;
    this.#avatars.set(avatar.id, held + 1);
    this.#drawings += 1;
    this.#watch.asked();
    this.#send({ kind: 'open', drawing, avatarId: avatar.id, avatar: held === 0 ? avatar : undefined, pictures });
  }

  /** Draws the motion in the picture's slot. */
  draw(drawing: number, picture: number): void {
    this.#watch.asked();
    this.#send({ kind: 'draw', drawing, picture });
  }

  /** Frees a drawing, also one that failed to open. */
  closeDrawing(drawing: number, avatarId: string): void {
    const held = this.#avatars.get(avatarId) ?? 0;
    if (held <= 1) {
      this.#avatars.delete(avatarId);
    } else {
      this.#avatars.set(avatarId, held - 1);
    }
    this.#drawings -= 1;
    this.#send({ kind: 'close', drawing });
  }

  /** Stops the thread; idempotent. */
  stop(): Promise<void> {
    this.#watch.stop();
    this.#stopping ??= this.#worker.terminate().then(() => undefined);
    return this.#stopping;
  }

  #send(request: RenderRequest): void {
    if (!this.ended) {
      this.#worker.postMessage(request);
    }
  }

  #die(cause: Error): void {
    this.#watch.stop();
    if (!this.ended) {
      this.#dead = true;
      this.#listener.died(cause);
    }
  }
}
