import { join } from 'node:path';
import { FACE_COEFFICIENTS } from '../base/motion-frame.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES, type MelWindow } from '../base/mel-window.ts';
import type { Closeable } from '../base/scope.ts';
import type { OnnxModel } from '../inference/onnx-model.ts';
import { OnnxThread } from '../inference/onnx-thread.ts';
import { clamp } from './shaping.ts';
import { LEVEL_GROUPS, melToDb, type SpeechLevel } from './speech-level.ts';

/** Classes of mouth shapes that the network tells apart, in the order of its output: silence; p b m; f v; t d n s sh th; k g h l r er; u o w; i e; a. */
export const VISEME_CLASSES = ['silence', 'closed', 'lipTeeth', 'teeth', 'back', 'round', 'spread', 'open'] as const;

/** Steps of 10 ms in a video frame; the visemes are told for each. */
export const VISEME_STEPS = 4;

/** Numbers in the memory: 128 of each of the two networks that answer together. */
const STATE_SIZE = 2 * 128;

/** A run that takes longer than this hangs, in milliseconds. */
const PATIENCE_MS = 2000;

/** Decibels per unit of the network's input. */
const DB_PER_UNIT = 25;

/** Limits of the noise relative to the voice, in units. */
const FLOOR_LOW = -2.5;
const FLOOR_HIGH = 0.5;

/** The numbers of one speaker's face between frames, and the buffers of its inputs. */
export interface LipMemory {
  state: Float32Array;
  /** 80 × 16: the window relative to the voice's level. */
  readonly sound: Float32Array;
  /** 20: the noise relative to the voice's level. */
  readonly floor: Float32Array;
  readonly reference: Float32Array;
  readonly blink: Float32Array;
}

/** What the network makes of one window. */
export interface LipAnswer {
  /** The mouth as coefficients of the built-in face (15). */
  readonly mouth: Float32Array;
  /** 4 × 8: probability of each class in each 10 ms of the video frame. */
  readonly visemes: Float32Array;
}

/**
 * The trained network of models/lips, on one inference thread for all sessions: a window's mel values relative to voice and noise,
 * the portrait's own coefficients, the lids and a memory of 256 numbers give the mouth.
 */
export class LipNetwork implements Closeable {
  readonly #thread: OnnxThread;
  readonly #model: OnnxModel;

  private constructor(thread: OnnxThread, model: OnnxModel) {
    this.#thread = thread;
    this.#model = model;
  }

  /**
   * Loads lips/lips.onnx of the folder of models.
   * @throws AvatarError `model_missing` when it is not there.
   */
  static async open(modelsFolder: string): Promise<LipNetwork> {
    const thread = new OnnxThread({ patienceMs: PATIENCE_MS });
    try {
      return new LipNetwork(thread, await thread.load(join(modelsFolder, 'lips', 'lips.onnx')));
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  /** Runs one window and moves the memory on; calls for one memory come one after the other. */
  async run(window: MelWindow, level: SpeechLevel, memory: LipMemory): Promise<LipAnswer> {
    relate(window.values, level, memory);
    const { sound, floor, reference, blink, state } = memory;
    const { mouth, visemes, stateAfter } = await this.#model.run({
      sound: { dims: [1, MEL_BANDS, MEL_WINDOW_FRAMES], data: sound },
      floor: { dims: [1, LEVEL_GROUPS], data: floor },
      reference: { dims: [1, FACE_COEFFICIENTS.length], data: reference },
      blink: { dims: [1, 1], data: blink },
      state: { dims: [1, STATE_SIZE], data: state },
    });
    if (!(mouth?.data instanceof Float32Array) || !(visemes?.data instanceof Float32Array) || !(stateAfter?.data instanceof Float32Array)) {
      throw new TypeError('The lip network has no outputs mouth, visemes and stateAfter.');
    }
    memory.state = stateAfter.data;
    return { mouth: mouth.data, visemes: visemes.data };
  }

  /** Why it runs no more, once its thread is gone for good. */
  get failure(): Error | undefined {
    return this.#thread.failure;
  }

  /** Ends the inference thread. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}

/** Returns the memory of a face that has heard nothing. */
export function freshMemory(reference: Float32Array): LipMemory {
  return {
    state: new Float32Array(STATE_SIZE),
    sound: new Float32Array(MEL_BANDS * MEL_WINDOW_FRAMES),
    floor: new Float32Array(LEVEL_GROUPS),
    reference: Float32Array.from(reference),
    blink: new Float32Array(1),
  };
}

function relate(values: Float32Array, level: SpeechLevel, { sound, floor }: LipMemory): void {
  const { levelDb, groupNoiseDb } = level;
  for (let i = 0; i < sound.length; i++) {
    sound[i] = (melToDb(values[i]!) - levelDb) / DB_PER_UNIT;
  }
  for (let group = 0; group < LEVEL_GROUPS; group++) {
    floor[group] = clamp((groupNoiseDb[group]! - levelDb) / DB_PER_UNIT, FLOOR_LOW, FLOOR_HIGH);
  }
}
