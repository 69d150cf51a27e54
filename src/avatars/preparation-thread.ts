import { Worker } from 'node:worker_threads';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import type { DetectedFace } from './face-detector.ts';
import type { AnalysedPortrait } from './portrait-analysis.ts';
import type { PortraitPiece } from './portrait-image.ts';
import type { PreparationAnswer, PreparationRequest } from './preparation-messages.ts';
import type { RgbImage } from './rgb-image.ts';

/** A request without the number that pairs it with its answer. */
type Unnumbered<T> = T extends unknown ? Omit<T, 'call'> : never;

/** How long closing waits for calls under way, in milliseconds. */
const LAST_CALLS_MS = 5000;

interface Pending {
  resolve(answer: PreparationAnswer): void;
  reject(error: Error): void;
}

/** The thread on which portraits are analysed. It starts, and loads its networks, when it is made. */
export class PreparationThread implements Closeable {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #workedOff = Promise.withResolvers<undefined>();
  #lastCall = 0;
  /** Calls the thread has not answered. */
  #owed = 0;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /** Takes the folder that holds `face/*.onnx`. */
  constructor(modelsFolder: string) {
    this.#worker = new Worker(new URL('./preparation-thread-main.ts', import.meta.url), { name: 'avatars', workerData: { modelsFolder } });
    this.#worker.on('message', (answer: PreparationAnswer) => {
      this.#owed -= 1;
      if (this.#owed === 0 && this.#closing !== undefined) {
        this.#workedOff.resolve(undefined);
      }
      this.#settle(answer);
    });
    this.#worker.on('error', (error: unknown) => { this.#fail(error instanceof Error ? error : new Error(String(error))); });
    this.#worker.on('exit', (code) => {
      this.#fail(new InvalidStateError(`The preparation thread ended with exit code ${code}.`));
      this.#workedOff.resolve(undefined);
    });
  }

  /** True once the thread has ended by a fault of its own or by `close()`; then a new one is needed. */
  get ended(): boolean {
    return this.#failure !== undefined || this.#closing !== undefined;
  }

  /**
   * Finds the faces of a picture, best first.
   * @throws AvatarError `model_missing` when a network's file is missing or damaged.
   */
  async findFaces(image: RgbImage): Promise<readonly DetectedFace[]> {
    const answer = await this.#call({ kind: 'findFaces', image });
    if (answer.kind !== 'faces') {
      throw new InvalidStateError(`The preparation thread answered ${answer.kind} to findFaces.`);
    }
    return answer.faces;
  }

  /**
   * Analyses a framed portrait.
   * @throws AvatarError `model_missing` when a network's file is missing or damaged.
   */
  async analyse(piece: PortraitPiece, face: DetectedFace): Promise<AnalysedPortrait> {
    const answer = await this.#call({ kind: 'analyse', piece, face });
    if (answer.kind !== 'analysed') {
      throw new InvalidStateError(`The preparation thread answered ${answer.kind} to analyse.`);
    }
    return answer.portrait;
  }

  /** Rejects calls under way and stops the thread once it has worked them off, or after 5 s. */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Not at once: ONNX Runtime aborts the whole process when a thread is terminated within one of its runs. */
  async #stop(): Promise<void> {
    this.#fail(new InvalidStateError('The preparation thread is closed.'));
    let timer: NodeJS.Timeout | undefined;
    if (this.#owed > 0) {
      await Promise.race([this.#workedOff.promise, new Promise<void>((resolve) => { timer = setTimeout(resolve, LAST_CALLS_MS); })]);
      clearTimeout(timer);
    }
    await this.#worker.terminate();
  }

  #call(request: Unnumbered<PreparationRequest>): Promise<PreparationAnswer> {
    if (this.ended) {
      return Promise.reject(this.#failure ?? new InvalidStateError('The preparation thread is closed.'));
    }
    this.#lastCall += 1;
    this.#owed += 1;
    const call = this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve, reject });
      this.#worker.postMessage({ ...request, call });
    });
  }

  #settle(answer: PreparationAnswer): void {
    const pending = this.#pending.get(answer.call);
    this.#pending.delete(answer.call);
    if (answer.kind !== 'failed') {
      pending?.resolve(answer);
      return;
    }
    pending?.reject(answer.modelMissing ? new AvatarError('model_missing', answer.message) : new Error(answer.message));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) {
      pending.reject(this.#failure);
    }
    this.#pending.clear();
  }
}
