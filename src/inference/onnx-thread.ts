import { access } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { SilenceWatch } from '../base/silence-watch.ts';
import { ThreadCalls } from '../base/thread-calls.ts';
import { OnnxModel } from './onnx-model.ts';
import type { Device, ThreadAnswer, ThreadRequest } from './thread-messages.ts';

/** What to do about a model that is missing or damaged. */
const REMEDY = 'Restore the folder models/, or import the checkpoints again.';

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
  readonly #calls: ThreadCalls<ThreadRequest, ThreadAnswer>;
  /** Over the runs: loading may take any time. */
  readonly #watch: SilenceWatch | undefined;

  constructor({ patienceMs }: OnnxThreadOptions = {}) {
    this.#calls = new ThreadCalls('inference', new Worker(new URL('./onnx-thread-main.ts', import.meta.url), { name: 'onnx' }));
    this.#watch = patienceMs === undefined ? undefined : new SilenceWatch(patienceMs, () => {
      this.#calls.fail(new InvalidStateError(`The inference thread gave no answer for ${patienceMs} ms.`));
    });
  }

  /** Why every call is rejected from now on: the thread ended, hangs or was closed; undefined while all is well. */
  get failure(): Error | undefined {
    return this.#calls.failure;
  }

  /**
   * Loads a model file.
   * @throws AvatarError `model_missing` when the file is not there, or ONNX Runtime refuses it; the message says why.
   */
  async load(path: string, options: { device?: Device; intraOpThreads?: number } = {}): Promise<OnnxModel> {
    await access(path).catch((cause: unknown) => {
      throw new AvatarError('model_missing', `The model file ${path} cannot be read. ${REMEDY}`, { cause });
    });
    const { model, inputs, outputs } = await this.#calls.ask({
      kind: 'load', path, device: options.device ?? 'cpu', intraOpThreads: options.intraOpThreads ?? 1,
    }, 'loaded').catch((cause: unknown) => {
      if (cause instanceof InvalidStateError) {
        throw cause;
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AvatarError('model_missing', `The model file ${path} cannot be loaded: ${reason.replace(/\.$/, '')}. ${REMEDY}`, { cause });
    });
    return new OnnxModel({
      path, inputs, outputs,
      run: async (feeds, wanted) => {
        this.#watch?.asked();
        const ran = await this.#calls.ask({ kind: 'run', model, feeds, outputs: wanted }, 'ran').finally(() => { this.#watch?.answered(); });
        return ran.outputs;
      },
      release: async () => {
        if (this.#calls.failure === undefined) {
          await this.#calls.ask({ kind: 'release', model }, 'released');
        }
      },
    });
  }

  /** Rejects calls under way, and waits until the thread has worked them off and ended, for at most 5 s. */
  close(): Promise<void> {
    this.#watch?.stop();
    return this.#calls.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
