import { access } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { OnnxModel } from './onnx-model.ts';
import type { Device, ThreadAnswer, ThreadRequest } from './thread-messages.ts';

/** A request without the number that pairs it with its answer. */
type Unnumbered<T> = T extends unknown ? Omit<T, 'call'> : never;

interface Pending {
  resolve(answer: ThreadAnswer): void;
  reject(error: Error): void;
}

/**
 * One worker thread that runs ONNX models, one call after the other: ONNX Runtime blocks the thread it runs on,
 * so models live here and never on the main thread.
 */
export class OnnxThread implements Closeable {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastCall = 0;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  constructor() {
    this.#worker = new Worker(new URL('./onnx-thread-main.ts', import.meta.url), { name: 'onnx' });
    this.#worker.on('message', (answer: ThreadAnswer) => { this.#settle(answer); });
    this.#worker.on('error', (error: unknown) => { this.#fail(error instanceof Error ? error : new Error(String(error))); });
    this.#worker.on('exit', (code) => { this.#fail(new InvalidStateError(`The inference thread ended with exit code ${code}.`)); });
  }

  /**
   * Loads a model file.
   * @throws AvatarError `model_missing` when the file is not there or is no model.
   */
  async load(path: string, options: { device?: Device; intraOpThreads?: number } = {}): Promise<OnnxModel> {
    await access(path).catch((cause: unknown) => {
      throw new AvatarError('model_missing', `The model file ${path} cannot be read. Restore the folder models/.`, { cause });
    });
    const answer = await this.#call({
      kind: 'load', path, device: options.device ?? 'cpu', intraOpThreads: options.intraOpThreads ?? 1,
    }).catch((cause: unknown) => {
      if (cause instanceof InvalidStateError) {
        throw cause;
      }
      throw new AvatarError('model_missing', `The model file ${path} cannot be loaded. Restore the folder models/.`, { cause });
    });
    if (answer.kind !== 'loaded') {
      throw new InvalidStateError(`The inference thread answered ${answer.kind} to load.`);
    }
    const { model, inputs, outputs } = answer;
    return new OnnxModel({
      path, inputs, outputs,
      run: async (feeds) => {
        const ran = await this.#call({ kind: 'run', model, feeds });
        if (ran.kind !== 'ran') {
          throw new InvalidStateError(`The inference thread answered ${ran.kind} to run.`);
        }
        return ran.outputs;
      },
      release: async () => {
        if (this.#closing === undefined && this.#failure === undefined) {
          await this.#call({ kind: 'release', model });
        }
      },
    });
  }

  /** Stops the thread; calls under way are rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#worker.terminate().then(() => undefined);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call(request: Unnumbered<ThreadRequest>): Promise<ThreadAnswer> {
    if (this.#failure !== undefined || this.#closing !== undefined) {
      return Promise.reject(this.#failure ?? new InvalidStateError('The inference thread is closed.'));
    }
    this.#lastCall += 1;
    const call = this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve, reject });
      this.#worker.postMessage({ ...request, call });
    });
  }

  #settle(answer: ThreadAnswer): void {
    const pending = this.#pending.get(answer.call);
    this.#pending.delete(answer.call);
    if (answer.kind === 'failed') {
      pending?.reject(new Error(answer.message));
    } else {
      pending?.resolve(answer);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) {
      pending.reject(this.#failure);
    }
    this.#pending.clear();
  }
}
