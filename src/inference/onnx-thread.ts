import { access } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import { PendingCalls } from '../base/pending-calls.ts';
import type { Closeable } from '../base/scope.ts';
import { SilenceWatch } from '../base/silence-watch.ts';
import { OnnxModel } from './onnx-model.ts';
import type { Device, ThreadAnswer, ThreadRequest } from './thread-messages.ts';

/** A request without the number that pairs it with its answer. */
type Unnumbered<T> = T extends { readonly call: number } ? Omit<T, 'call'> : never;

/** How long closing waits for the run under way. */
const LAST_RUN_MS = 5000;

/** How an inference thread is run. */
export interface OnnxThreadOptions {
  /** A thread that gives no answer to a run for so many milliseconds hangs, and is given up. Default: it may take any time. */
  readonly patienceMs?: number;
}

/**
 * One worker thread that runs ONNX models, one call after the other: ONNX Runtime blocks the thread it runs on,
 * so models live here and never on the main thread.
 */
export class OnnxThread implements Closeable {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #calls = new PendingCalls<ThreadAnswer>();
  /** Over the runs: loading may take any time. */
  readonly #watch: SilenceWatch | undefined;
  #closing: Promise<void> | undefined;

  constructor({ patienceMs }: OnnxThreadOptions = {}) {
    this.#watch = patienceMs === undefined ? undefined : new SilenceWatch(patienceMs, () => {
      this.#fail(new InvalidStateError(`The inference thread gave no answer for ${patienceMs} ms.`));
    });
    this.#worker = new Worker(new URL('./onnx-thread-main.ts', import.meta.url), { name: 'onnx' });
    this.#worker.on('message', (answer: ThreadAnswer) => {
      this.#calls.settle(answer.call, answer.kind === 'failed' ? new Error(answer.message) : answer);
    });
    this.#worker.on('error', (error: unknown) => { this.#fail(error instanceof Error ? error : new Error(String(error))); });
    this.#exited = new Promise((resolve) => { this.#worker.once('exit', () => { resolve(); }); });
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
      run: async (feeds, wanted) => {
        this.#watch?.asked();
        const ran = await this.#call({ kind: 'run', model, feeds, outputs: wanted }).finally(() => { this.#watch?.answered(); });
        if (ran.kind !== 'ran') {
          throw new InvalidStateError(`The inference thread answered ${ran.kind} to run.`);
        }
        return ran.outputs;
      },
      release: async () => {
        if (this.#calls.failure === undefined) {
          await this.#call({ kind: 'release', model });
        }
      },
    });
  }

  /** Stops the thread after the run under way, waiting for at most 5 s; calls without an answer are rejected at once. */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Never by terminating the thread: ONNX Runtime aborts the whole process when that happens within a run. */
  async #stop(): Promise<void> {
    this.#fail(new InvalidStateError('The inference thread is closed.'));
    this.#worker.postMessage({ kind: 'close' } satisfies ThreadRequest);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#exited, new Promise<void>((resolve) => { timer = setTimeout(resolve, LAST_RUN_MS); })]);
    clearTimeout(timer);
    this.#worker.unref();
  }

  #call(request: Unnumbered<ThreadRequest>): Promise<ThreadAnswer> {
    return this.#calls.call((call) => { this.#worker.postMessage({ ...request, call }); });
  }

  #fail(error: Error): void {
    this.#watch?.stop();
    this.#calls.fail(error);
  }
}
