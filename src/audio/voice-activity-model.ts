import { join } from 'node:path';
import { InvalidStateError } from '../base/errors.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import type { Closeable } from '../base/scope.ts';
import { noStats, type Stats } from '../base/stats.ts';
import { VoiceActivityGate } from './voice-activity-gate.ts';
import { VOICE_WINDOW_SAMPLES, VoiceActivityDetector, type SpeechProbabilities, type VoiceActivityOptions } from './voice-activity-detector.ts';
import type { HeardWindows } from './voice-activity-messages.ts';
import { VoiceActivityThread } from './voice-activity-thread.ts';

/** Samples of the window before that the network wants to see again. */
const CONTEXT_SAMPLES = 64;

/** The network's state before it heard anything. */
const ZERO_STATE: Float32Array = new Float32Array(256);

/** Threads that may fail in a row, without a single answer, before the failure is the listeners'. */
const MOST_FAILURES = 3;

/** How the network is run. */
export interface VoiceActivityModelOptions {
  /** Told about replaced threads as `worker_restarts`. Default: kept nowhere. */
  readonly stats?: Stats;
  /** Default: keeps nothing. */
  readonly logger?: Logger;
}

/**
 * The Silero VAD network on its own thread, shared by all sessions; each detector keeps its own state. A thread that dies,
 * or gives no answer for two seconds, is replaced: its listeners hear silence meanwhile, and go on. Where that does not help,
 * or no other thread can be had, their detectors fail, and the next detector that is made begins with a thread of its own.
 */
export class VoiceActivityModel implements Closeable {
  readonly #path: string;
  readonly #options: Required<VoiceActivityModelOptions>;
  /** Undefined until the first window after a new start. */
  #thread: Promise<VoiceActivityThread> | undefined;
  #failures = 0;
  #givenUp = false;
  #closing: Promise<void> | undefined;

  /**
   * Loads `vad/silero-vad-v6.onnx` from the folder of models.
   * @throws AvatarError `model_missing`.
   */
  static async open(modelsFolder: string, options: VoiceActivityModelOptions = {}): Promise<VoiceActivityModel> {
    const path = join(modelsFolder, 'vad', 'silero-vad-v6.onnx');
    return new VoiceActivityModel(path, options, await VoiceActivityThread.load(path));
  }

  private constructor(path: string, options: VoiceActivityModelOptions, thread: VoiceActivityThread) {
    this.#path = path;
    this.#options = { stats: noStats, logger: silentLogger, ...options };
    this.#thread = Promise.resolve(thread);
  }

  /** Makes a detector for one stream of sound. */
  detector(options: VoiceActivityOptions = {}): VoiceActivityDetector {
    if (this.#givenUp) {
      this.#givenUp = false;
      this.#failures = 0;
      this.#thread = undefined;
    }
    return new VoiceActivityDetector(() => this.#listener(), options);
  }

  close(): Promise<void> {
    // A thread that could not be had was told to its listeners.
    this.#closing ??= this.#thread?.then((thread) => thread.close(), () => undefined) ?? Promise.resolve();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Starts from the network's zero state. Windows that the gate keeps from the network leave its state as it is: long noise would
   * make it slow to believe in speech (by up to 160 ms), so that a pause in it does no harm.
   */
  #listener(): SpeechProbabilities {
    const gate = new VoiceActivityGate();
    let context = new Float32Array(CONTEXT_SAMPLES);
    let state = ZERO_STATE;
    return async (samples) => {
      const sound = new Float32Array(CONTEXT_SAMPLES + samples.length);
      sound.set(context);
      sound.set(samples, CONTEXT_SAMPLES);
      context = sound.subarray(samples.length);
      const windows = samples.length / VOICE_WINDOW_SAMPLES;
      const heard = gate.opensFor(samples) ? await this.#hear({ sound, windows, state }) : { probabilities: new Array<number>(windows).fill(0), state };
      gate.judged(heard.probabilities);
      state = heard.state;
      return heard.probabilities;
    };
  }

  /** Runs the network; gives silence when its thread was lost, and another is being started. */
  async #hear(request: Parameters<VoiceActivityThread['hear']>[0]): Promise<HeardWindows> {
    const running = this.#thread ??= this.#load();
    const thread = await running;
    try {
      const heard = await thread.hear(request);
      this.#failures = 0;
      return heard;
    } catch (error) {
      if (!(error instanceof InvalidStateError) || this.#closing !== undefined) {
        throw error;
      }
      await this.#replace(running, thread, error);
      return { probabilities: new Array<number>(request.windows).fill(0), state: ZERO_STATE };
    }
  }

  /** Starts another thread, once for all listeners that lost this one. */
  async #replace(lost: Promise<VoiceActivityThread>, thread: VoiceActivityThread, cause: InvalidStateError): Promise<void> {
    if (this.#thread !== lost) {
      return;
    }
    // A thread that hangs may take long to go; nobody needs to wait for that.
    void thread.close();
    this.#failures += 1;
    if (this.#failures >= MOST_FAILURES) {
      this.#givenUp = true;
      throw cause;
    }
    this.#options.stats.count('worker_restarts');
    this.#options.logger.error({ err: cause }, 'The thread that listens for voices was lost and is replaced.');
    this.#thread = this.#load();
    await this.#thread;
  }

  async #load(): Promise<VoiceActivityThread> {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The voice activity network is closed.');
    }
    try {
      return await VoiceActivityThread.load(this.#path);
    } catch (error) {
      this.#givenUp = true;
      throw error;
    }
  }
}
