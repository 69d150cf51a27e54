import { Worker } from 'node:worker_threads';
import { AvatarError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { SilenceWatch } from '../base/silence-watch.ts';
import type { Stats } from '../base/stats.ts';
import type { EspeakAnswer, EspeakRequest } from './espeak-messages.ts';
import { SpeechJob } from './speech-job.ts';

/** What a speech thread says once it can speak. */
export type EspeakReady = Extract<EspeakAnswer, { kind: 'ready' }>;

/**
 * eSpeak on a worker thread: it blocks while it speaks, so it takes one piece of text after the other. Each takes a fraction of a second:
 * a thread that finishes none for `patienceMs` hangs, which would keep all sessions silent, and is stopped.
 */
export class EspeakThread implements Closeable {
  /** Resolves once it can speak. Rejects with `speech_engine_missing` or `speech_engine_failed`. */
  readonly ready: Promise<EspeakReady>;
  readonly #worker: Worker;
  readonly #stats: Stats;
  readonly #watch: SilenceWatch;
  readonly #jobs = new Map<number, SpeechJob>();
  #settleReady!: { resolve(ready: EspeakReady): void; reject(error: Error): void };
  #lastJob = 0;
  #ended = false;
  #closing: Promise<void> | undefined;

  /** Starts the thread with an engine package, told by its module name. */
  constructor({ engineModule, stats, patienceMs }: { engineModule: string; stats: Stats; patienceMs: number }) {
    this.#stats = stats;
    this.#watch = new SilenceWatch(patienceMs, () => { void this.close(); });
    this.ready = new Promise((resolve, reject) => { this.#settleReady = { resolve, reject }; });
    this.#worker = new Worker(new URL('./espeak-thread-main.ts', import.meta.url), {
      name: 'espeak', workerData: { engineModule },
      // What eSpeak prints about unknown phonemes and the like is nothing a log needs.
      stdout: true, stderr: true,
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.on('message', (answer: EspeakAnswer) => { this.#take(answer); });
    this.#worker.on('error', (error: unknown) => { this.#end(error); });
    this.#worker.on('exit', (code) => { this.#end(new Error(`The speech thread ended with exit code ${code}.`)); });
  }

  /** True once the thread is gone, for whatever reason: start another. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Asks for one piece of text. */
  speak(text: string, voice: string): SpeechJob {
    this.#lastJob += 1;
    const job = new SpeechJob(this.#lastJob);
    if (this.#ended) {
      job.finish(new AvatarError('speech_engine_failed', 'The text-to-speech engine has ended. The text was not spoken; try again.'));
      return job;
    }
    this.#jobs.set(job.number, job);
    this.#watch.asked();
    this.#worker.postMessage({ job: job.number, text, voice, cancelled: job.cancelled } satisfies EspeakRequest);
    return job;
  }

  /** Stops the thread; jobs under way fail. */
  close(): Promise<void> {
    this.#closing ??= this.#worker.terminate().then(() => undefined);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #take(answer: EspeakAnswer): void {
    switch (answer.kind) {
      case 'ready': {
        this.#settleReady.resolve(answer);
        return;
      }
      case 'missing': {
        this.#settleReady.reject(new AvatarError('speech_engine_missing', `The text-to-speech engine cannot be loaded (${answer.message}). Install the optional package @echogarden/espeak-ng-emscripten, or push PCM.`));
        return;
      }
      case 'sound': {
        this.#jobs.get(answer.job)?.add(answer.samples);
        return;
      }
      case 'done': {
        this.#stats.stageMs('tts', answer.spentMs);
        this.#finish(answer.job);
        return;
      }
      case 'failed': {
        this.#finish(answer.job, new AvatarError('speech_engine_failed', `The text-to-speech engine failed: ${answer.message} The rest of the text was not spoken; try again.`));
      }
    }
  }

  #finish(number: number, failure?: Error): void {
    this.#jobs.get(number)?.finish(failure);
    this.#jobs.delete(number);
    this.#watch.answered();
  }

  #end(cause: unknown): void {
    this.#ended = true;
    this.#watch.stop();
    const failure = new AvatarError('speech_engine_failed', 'The text-to-speech engine ended while it was speaking. The rest of the text was not spoken; try again.', { cause });
    this.#settleReady.reject(failure);
    for (const number of [...this.#jobs.keys()]) {
      this.#finish(number, failure);
    }
  }
}
