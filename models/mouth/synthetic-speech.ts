import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openEspeak from '@echogarden/espeak-ng-emscripten';
import { isEspeakStop, visemesOfArpabet, visemesOfEspeak, type EspeakLanguage, type PhoneVisemes } from './phone-visemes.ts';
import { resampled, SOUND_RATE_HZ } from './sound-variation.ts';

/** One phone in time, in seconds. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly visemes: PhoneVisemes;
}

/** One spoken sentence. */
export interface Utterance {
  /** Mono, 16 kHz. */
  readonly samples: Float32Array;
  readonly segments: readonly Segment[];
}

const ESPEAK_RATE_HZ = 22_050;

/** espeak-ng's event marks a stop's burst; its closure began so much earlier (measured on the energy dip before p, b, t). */
const STOP_CLOSURE_S = 0.055;

/** flite's English voices: one woman, three men. */
export const FLITE_VOICES = ['slt', 'rms', 'awb', 'kal16'] as const;

/** Variants of espeak-ng's voices, women and men. */
export const ESPEAK_VARIANTS = ['', '+f2', '+f3', '+f4', '+f5', '+m2', '+m3', '+m6', '+m7'] as const;

/** Speaks with espeak-ng, which tells when each phone starts. */
export class EspeakSpeaker {
  readonly #worker: InstanceType<Awaited<ReturnType<typeof openEspeak>>['eSpeakNGWorker']>;

  private constructor(worker: EspeakSpeaker['worker']) {
    this.#worker = worker;
  }

  /** The engine itself, for its type. */
  get worker(): InstanceType<Awaited<ReturnType<typeof openEspeak>>['eSpeakNGWorker']> {
    return this.#worker;
  }

  /** Starts the engine. */
  static async open(): Promise<EspeakSpeaker> {
    const { eSpeakNGWorker } = await openEspeak();
    return new EspeakSpeaker(await new eSpeakNGWorker());
  }
}
