import { join } from 'node:path';
import { Scope, type Closeable } from '../base/scope.ts';
import type { OnnxModel } from '../inference/onnx-model.ts';
import { OnnxThread } from '../inference/onnx-thread.ts';
import type { Tensor } from '../inference/tensor.ts';
import { VOICE_WINDOW_SAMPLES, VoiceActivityDetector, type SpeechProbability, type VoiceActivityOptions } from './voice-activity-detector.ts';

/** Samples of the window before that the network wants to see again. */
const CONTEXT_SAMPLES = 64;

const STATE_DIMS = [2, 1, 128] as const;
const RATE: Tensor = { dims: [], data: BigInt64Array.of(16_000n) };

/** The Silero VAD network on its own thread, shared by all sessions; each detector keeps its own state. */
export class VoiceActivityModel implements Closeable {
  readonly #scope: Scope;
  readonly #model: OnnxModel;

  /**
   * Loads `vad/silero-vad-v6.onnx` from the folder of models.
   * @throws AvatarError `model_missing`.
   */
  static async open(modelsFolder: string): Promise<VoiceActivityModel> {
    const scope = new Scope();
    const thread = scope.own(new OnnxThread());
    try {
      return new VoiceActivityModel(scope, await thread.load(join(modelsFolder, 'vad', 'silero-vad-v6.onnx')));
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  private constructor(scope: Scope, model: OnnxModel) {
    this.#scope = scope;
    this.#model = model;
  }

  /** Makes a detector for one stream of sound. */
  detector(options: VoiceActivityOptions = {}): VoiceActivityDetector {
    return new VoiceActivityDetector(() => this.#listener(), options);
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Starts from the network's zero state. */
  #listener(): SpeechProbability {
    const input = new Float32Array(CONTEXT_SAMPLES + VOICE_WINDOW_SAMPLES);
    let state: Tensor = { dims: STATE_DIMS, data: new Float32Array(256) };
    return async (window) => {
      input.copyWithin(0, VOICE_WINDOW_SAMPLES);
      input.set(window, CONTEXT_SAMPLES);
      const outputs = await this.#model.run({ input: { dims: [1, input.length], data: input }, state, sr: RATE });
      const { output, stateN } = outputs;
      if (output === undefined || stateN === undefined) {
        throw new TypeError(`${this.#model.path} gives ${Object.keys(outputs).join(', ')}; expected output and stateN.`);
      }
      state = stateN;
      return Number(output.data[0]);
    };
  }
}
