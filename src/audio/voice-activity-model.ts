import { join } from 'node:path';
import { InvalidStateError } from '../base/errors.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import type { Closeable } from '../base/scope.ts';
import { noStats, type Stats } from '../base/stats.ts';
import type { OnnxModel } from '../inference/onnx-model.ts';
import { OnnxThread } from '../inference/onnx-thread.ts';
import type { Tensor } from '../inference/tensor.ts';
import { VoiceActivityGate } from './voice-activity-gate.ts';
import { VOICE_WINDOW_SAMPLES, VoiceActivityDetector, type SpeechProbability, type VoiceActivityOptions } from './voice-activity-detector.ts';

/** Samples of the window before that the network wants to see again. */
const CONTEXT_SAMPLES = 64;

const STATE_DIMS = [2, 1, 128] as const;

/** A thread that gives no answer for so long is replaced. */
const PATIENCE_MS = 2000;

/** Threads that may fail in a row, without a single answer, before the failure is the listeners'. */
const MOST_FAILURES = 3;

const RATE: Tensor = { dims: [], data: BigInt64Array.of(16_000n) };

/** How the network is run. */
export interface VoiceActivityModelOptions {
  /** Told about replaced threads as `worker_restarts`. Default: kept nowhere. */
  readonly stats?: Stats;
  /** Default: keeps nothing. */
  readonly logger?: Logger;
}

/** A thread with the network on it. */
interface Running {
  readonly thread: OnnxThread;
  readonly model: OnnxModel;
}

/**
 * The Silero VAD network on its own thread, shared by all sessions; each detector keeps its own state. A thread that dies,
 * or gives no answer for two seconds, is replaced: its listeners hear silence meanwhile, and go on.
 */
export class VoiceActivityModel implements Closeable {
  readonly #path: string;
  readonly #options: Required<VoiceActivityModelOptions>;
  #running: Promise<Running>;
  #failures = 0;
  #closing: Promise<void> | undefined;

  /**
   * Loads `vad/silero-vad-v6.onnx` from the folder of models.
   * @throws AvatarError `model_missing`.
   */
  static async open(modelsFolder: string, options: VoiceActivityModelOptions = {}): Promise<VoiceActivityModel> {
    const path = join(modelsFolder, 'vad', 'silero-vad-v6.onnx');
    return new VoiceActivityModel(path, options, await start(path));
  }

  private constructor(path: string, options: VoiceActivityModelOptions, running: Running) {
    this.#path = path;
    this.#options = { stats: noStats, logger: silentLogger, ...options };
    this.#running = Promise.resolve(running);
  }

  /** Makes a detector for one stream of sound. */
  detector(options: VoiceActivityOptions = {}): VoiceActivityDetector {
    return new VoiceActivityDetector(() => this.#listener(), options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#running.then(({ thread }) => thread.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Starts from the network's zero state. Windows that the gate keeps from the network leave its state as it is: long noise would
   * make it slow to believe in speech (by up to 160 ms), so that a pause in it does no harm.
   */
  #listener(): SpeechProbability {
    const gate = new VoiceActivityGate();
    const input = new Float32Array(CONTEXT_SAMPLES + VOICE_WINDOW_SAMPLES);
    const zero: Tensor = { dims: STATE_DIMS, data: new Float32Array(256) };
    let state = zero;
    return async (window) => {
      input.copyWithin(0, VOICE_WINDOW_SAMPLES);
      input.set(window, CONTEXT_SAMPLES);
      if (!gate.opensFor(window)) {
        return 0;
      }
      const outputs = await this.#run({ input: { dims: [1, input.length], data: input }, state, sr: RATE });
      if (outputs === undefined) {
        state = zero;
        return 0;
      }
      const { output, stateN } = outputs;
      if (output === undefined || stateN === undefined) {
        throw new TypeError(`${this.#path} gives ${Object.keys(outputs).join(', ')}; expected output and stateN.`);
      }
      state = stateN;
      const probability = Number(output.data[0]);
      gate.judged(probability);
      return probability;
    };
  }

  /** Runs the network; undefined when its thread was lost, and another is being started. */
  async #run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>> | undefined> {
    const running = this.#running;
    const { model, thread } = await running;
    try {
      const outputs = await model.run(feeds);
      this.#failures = 0;
      return outputs;
    } catch (error) {
      if (!(error instanceof InvalidStateError) || this.#closing !== undefined) {
        throw error;
      }
      await this.#replace(running, thread, error);
      return undefined;
    }
  }

  /** Starts another thread, once for all listeners that lost this one. */
  async #replace(lost: Promise<Running>, thread: OnnxThread, cause: InvalidStateError): Promise<void> {
    if (this.#running !== lost) {
      return;
    }
    this.#failures += 1;
    if (this.#failures >= MOST_FAILURES) {
      throw cause;
    }
    this.#options.stats.count('worker_restarts');
    this.#options.logger.error({ err: cause }, 'The thread that listens for voices was lost and is replaced.');
    this.#running = start(this.#path);
    // A thread that hangs may take long to go; nobody needs to wait for that.
    void thread.close();
    await this.#running;
  }
}

async function start(path: string): Promise<Running> {
  const thread = new OnnxThread({ patienceMs: PATIENCE_MS });
  try {
    return { thread, model: await thread.load(path) };
  } catch (error) {
    await thread.close();
    throw error;
  }
}
