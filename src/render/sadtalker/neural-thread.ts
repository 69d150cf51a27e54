import { Worker } from 'node:worker_threads';
import { InvalidStateError } from '../../base/errors.ts';
import type { Closeable } from '../../base/scope.ts';
import { SilenceWatch } from '../../base/silence-watch.ts';
import type { LoadedNetworks, NetworkSettings, NeuralAnswer, NeuralRequest } from './neural-messages.ts';

/** Who hears what a loaded neural thread says. */
export interface NeuralThreadListener {
  answered(answer: NeuralWorkAnswer): void;
  /** The thread is gone without having been asked to go, or hangs. */
  died(cause: Error): void;
}

/** Answers of a thread that is loaded. */
export type NeuralWorkAnswer = Exclude<NeuralAnswer, { kind: 'loaded' }>;

/** Loading, and finding the quickest kernels, takes tens of seconds for large networks. */
const START_PATIENCE_MS = 180_000;

/** A thread that owes an answer and gives none for so long hangs; or ten times as long as its longest batch took. */
const PATIENCE_MS = 2000;
const PATIENCE_BATCHES = 10;

/** How long closing waits for the run under way. */
const LAST_RUN_MS = 5000;

/** How a neural thread is run. */
export interface NeuralThreadOptions {
  /** Main file of the worker. Default: the one that draws. */
  readonly entry?: URL | undefined;
  /** Default: 180,000, and 2000 once it is loaded. */
  readonly patienceMs?: number | undefined;
}

/**
 * The worker thread that holds the networks. It is never terminated: ONNX Runtime aborts the whole process when that happens
 * within a run. One that hangs is left to itself; it keeps no process alive.
 */
export class NeuralThread implements Closeable {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #patienceMs: number | undefined;
  readonly #loaded = Promise.withResolvers<LoadedNetworks>();
  #listener: NeuralThreadListener | undefined;
  #watch: SilenceWatch;
  #ended = false;
  #closing: Promise<void> | undefined;

  private constructor({ entry, patienceMs }: NeuralThreadOptions) {
    this.#patienceMs = patienceMs;
    this.#watch = this.#newWatch(START_PATIENCE_MS);
    this.#worker = new Worker(entry ?? new URL('./neural-thread-main.ts', import.meta.url), { name: 'neural' });
    this.#exited = new Promise((resolve) => { this.#worker.once('exit', () => { resolve(); }); });
    this.#worker.on('message', (answer: NeuralAnswer) => { this.#take(answer); });
    this.#worker.on('error', (error: unknown) => { this.#die(error instanceof Error ? error : new Error(String(error))); });
    this.#worker.on('exit', (code) => { this.#die(new Error(`The neural thread ended with exit code ${code}.`)); });
  }

  /** Starts a thread and loads the networks; rejects with what loading says, or with the signal's reason. */
  static async start(settings: NetworkSettings, options: NeuralThreadOptions & { readonly signal?: AbortSignal | undefined } = {}): Promise<{ thread: NeuralThread; networks: LoadedNetworks }> {
    const { signal } = options;
    signal?.throwIfAborted();
    const thread = new NeuralThread(options);
    const giveUp = (): void => { thread.#loaded.reject(signal?.reason); };
    signal?.addEventListener('abort', giveUp);
    try {
      thread.ask({ kind: 'load', ...settings });
      return { thread, networks: await thread.#loaded.promise };
    } catch (error) {
      await thread.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** True when no answer is owed. */
  get idle(): boolean {
    return this.#watch.owed === 0;
  }

  /** Tells the listener what the thread says from now on; one that has died already is told at once. */
  listen(listener: NeuralThreadListener): void {
    this.#listener = listener;
    if (this.#ended && this.#closing === undefined) {
      listener.died(new InvalidStateError('The neural thread ended as soon as it was loaded.'));
    }
  }

  /** Asks something; without effect once the thread has ended. */
  ask(request: Exclude<NeuralRequest, { kind: 'close' }>): void {
    if (this.#ended) {
      return;
    }
    if (request.kind !== 'closeDrawing') {
      this.#watch.asked();
    }
    this.#worker.postMessage(request);
  }

  /** Stops the thread after the run under way, waiting for at most 5 s. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#end();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#exited, new Promise<void>((resolve) => { timer = setTimeout(resolve, LAST_RUN_MS); })]);
    clearTimeout(timer);
    this.#worker.unref();
  }

  #take(answer: NeuralAnswer): void {
    if (this.#ended) {
      return;
    }
    this.#watch.answered();
    if (answer.kind === 'loaded') {
      this.#watch.stop();
      this.#watch = this.#newWatch(Math.max(PATIENCE_MS, PATIENCE_BATCHES * Math.max(...answer.batchMs)));
      this.#loaded.resolve(answer);
    } else if (answer.kind === 'failed' && answer.asked === 'load') {
      this.#loaded.reject(new Error(answer.message));
    } else {
      this.#listener?.answered(answer);
    }
  }

  #newWatch(usualMs: number): SilenceWatch {
    const patienceMs = this.#patienceMs ?? usualMs;
    return new SilenceWatch(patienceMs, () => {
      this.#die(new Error(`The neural thread gave no answer for ${Math.round(patienceMs)} ms.`));
      this.#worker.unref();
    });
  }

  #die(cause: Error): void {
    if (!this.#ended) {
      this.#end();
      this.#loaded.reject(cause);
      this.#listener?.died(cause);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#watch.stop();
    this.#worker.postMessage({ kind: 'close' } satisfies NeuralRequest);
  }
}
