import { Worker } from 'node:worker_threads';
import type { Avatar } from '../avatars/avatar.ts';
import type { RenderAnswer, RenderRequest } from './render-messages.ts';

/** Who hears what a render thread says. */
export interface RenderThreadListener {
  answered(answer: RenderAnswer): void;
  /** The thread is gone without having been asked to go. */
  died(cause: Error): void;
}

/** One worker thread that draws. Its owner numbers the drawings. */
export class RenderThread {
  readonly #worker: Worker;
  readonly #listener: RenderThreadListener;
  /** Drawings per avatar the thread holds. */
  readonly #avatars = new Map<string, number>();
  #drawings = 0;
  #stopping: Promise<void> | undefined;
  #dead = false;

  constructor(listener: RenderThreadListener) {
    this.#listener = listener;
    this.#worker = new Worker(new URL('./render-thread-main.ts', import.meta.url), { name: 'render' });
    this.#worker.on('message', (answer: RenderAnswer) => { listener.answered(answer); });
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
    this.#send({ kind: 'open', drawing, avatarId: avatar.id, avatar: held === 0 ? avatar : undefined, pictures });
  }

  /** Draws the motion in the picture's slot. */
  draw(drawing: number, picture: number): void {
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
    this.#stopping ??= this.#worker.terminate().then(() => undefined);
    return this.#stopping;
  }

  #send(request: RenderRequest): void {
    if (!this.ended) {
      this.#worker.postMessage(request);
    }
  }

  #die(cause: Error): void {
    if (!this.ended) {
      this.#dead = true;
      this.#listener.died(cause);
    }
  }
}
