import { access } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { SilenceWatch } from '../base/silence-watch.ts';
import { ThreadCalls } from '../base/thread-calls.ts';
import type { HeardWindows, VoiceActivityAnswer, VoiceActivityRequest } from './voice-activity-messages.ts';

/** A thread that gives no answer for so long is given up. */
const PATIENCE_MS = 2000;

/**
 * One worker thread with the voice network on it. It hears several windows in one go, as to wake it costs more than a window;
 * it keeps nothing between calls.
 */
export class VoiceActivityThread implements Closeable {
  readonly #calls: ThreadCalls<VoiceActivityRequest, VoiceActivityAnswer>;
  /** Over what it hears: loading may take any time. */
  readonly #watch: SilenceWatch;

  /**
   * Starts a thread and loads a network file.
   * @throws AvatarError `model_missing`.
   */
  static async load(path: string): Promise<VoiceActivityThread> {
    const thread = new VoiceActivityThread();
    try {
      await access(path);
      await thread.#calls.ask({ kind: 'load', path }, 'loaded');
      return thread;
    } catch (cause) {
      await thread.close();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AvatarError('model_missing', `The model file ${path} cannot be loaded: ${reason.replace(/\.$/, '')}. Restore the folder models/.`, { cause });
    }
  }

  private constructor() {
    this.#calls = new ThreadCalls('voice activity', new Worker(new URL('./voice-activity-thread-main.ts', import.meta.url), { name: 'voice' }));
    this.#watch = new SilenceWatch(PATIENCE_MS, () => {
      this.#calls.fail(new InvalidStateError(`The voice activity thread gave no answer for ${PATIENCE_MS} ms.`));
    });
  }

  /**
   * Hears windows one after the other: `sound` is the end of what came before them, then they; `state` is the network's before them.
   * @throws InvalidStateError when the thread ended, hangs or was closed.
   */
  async hear(heard: { readonly sound: Float32Array; readonly windows: number; readonly state: Float32Array }): Promise<HeardWindows> {
    this.#watch.asked();
    return this.#calls.ask({ kind: 'hear', ...heard }, 'heard').finally(() => { this.#watch.answered(); });
  }

  /** Rejects calls under way, and waits until the thread has ended, for at most 5 s. */
  close(): Promise<void> {
    this.#watch.stop();
    return this.#calls.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
