import { Worker } from 'node:worker_threads';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import { PendingCalls } from '../base/pending-calls.ts';
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

/** The thread on which portraits are analysed and faces are found. It starts, and loads its networks, when it is made. */
export class PreparationThread implements Closeable {
  readonly #worker: Worker;
  readonly #calls = new PendingCalls<PreparationAnswer>();
  readonly #workedOff = Promise.withResolvers<undefined>();
  /** Calls the thread has not answered. */
  #owed = 0;
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
    this.#worker.on('error', (error: unknown) => { this.#calls.fail(error instanceof Error ? error : new Error(String(error))); });
    this.#worker.on('exit', (code) => {
      this.#calls.fail(new InvalidStateError(`The preparation thread ended with exit code ${code}.`));
      this.#workedOff.resolve(undefined);
    });
  }

  /** True once the thread has ended by a fault of its own or by `close()`; then a new one is needed. */
  get ended(): boolean {
    return this.#calls.failure !== undefined;
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
   * Finds the mesh (468 × 3, pixels) of a picture's largest face; undefined when it shows none.
   * @throws AvatarError `model_missing` when a network's file is missing or damaged.
   */
  async findMesh(image: RgbImage): Promise<Float32Array | undefined> {
    const answer = await this.#call({ kind: 'findMesh', image });
    if (answer.kind !== 'mesh') {
      throw new InvalidStateError(`The preparation thread answered ${answer.kind} to findMesh.`);
    }
    return answer.points;
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
    this.#calls.fail(new InvalidStateError('The preparation thread is closed.'));
    let timer: NodeJS.Timeout | undefined;
    if (this.#owed > 0) {
      await Promise.race([this.#workedOff.promise, new Promise<void>((resolve) => { timer = setTimeout(resolve, LAST_CALLS_MS); })]);
      clearTimeout(timer);
    }
    await this.#worker.terminate();
  }

  #call(request: Unnumbered<PreparationRequest>): Promise<PreparationAnswer> {
    return this.#calls.call((call) => {
      this.#owed += 1;
      this.#worker.postMessage({ ...request, call });
    });
  }

  #settle(answer: PreparationAnswer): void {
    if (answer.kind !== 'failed') {
      this.#calls.settle(answer.call, answer);
      return;
    }
    this.#calls.settle(answer.call, answer.modelMissing ? new AvatarError('model_missing', answer.message) : new Error(answer.message));
  }
}
