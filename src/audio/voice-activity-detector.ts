import { Emitter } from '../base/emitter.ts';
import { InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { noStats, type Stats } from '../base/stats.ts';
import { SampleFifo } from './sample-fifo.ts';

const RATE_HZ = 16_000;

/** Samples per window: 32 ms at 16 kHz. */
export const VOICE_WINDOW_SAMPLES = 512;

const WINDOW_MS = (VOICE_WINDOW_SAMPLES * 1000) / RATE_HZ;

/** Windows that may wait for the network: half a second. The oldest are dropped. */
const BACKLOG_WINDOWS = 16;

/** One listener's run of the network: gives the probability of speech of each window, one after the other. */
export type SpeechProbability = (window: Float32Array) => Promise<number>;

/** When speech counts as started and as ended. */
export interface VoiceActivityOptions {
  /** Probability from which a window counts as speech, 0..1. Default 0.5. */
  readonly startThreshold?: number;
  /** Probability below which a window counts as silence once speech has started, 0..1. Default 0.35. */
  readonly stopThreshold?: number;
  /** Speech must go on this long before it is told, in milliseconds. Default 96. */
  readonly minSpeechMs?: number;
  /** Silence must go on this long before the end is told, in milliseconds. Default 500. */
  readonly hangoverMs?: number;
  /** Told the time per window as stage `vad`. */
  readonly stats?: Stats;
}

const DEFAULTS = Object.freeze({ startThreshold: 0.5, stopThreshold: 0.35, minSpeechMs: 96, hangoverMs: 500, stats: noStats });

/** What a detector tells; times are microseconds of pushed sound. */
export interface VoiceActivityEvents {
  /** Someone speaks, since `atUs`. */
  started: { readonly atUs: number };
  /** Nobody speaks any more, since `atUs`. */
  ended: { readonly atUs: number };
  /** The network failed; the detector hears nothing more. */
  failed: { readonly error: Error };
}

/** Says when someone speaks in one stream of sound; made by `VoiceActivityModel.detector`. */
export class VoiceActivityDetector implements Closeable {
  readonly events = new Emitter<VoiceActivityEvents>((error) => { this.#keep(error, 'A listener of the voice activity detector failed.'); });
  readonly #options: Required<VoiceActivityOptions>;
  readonly #open: () => SpeechProbability;
  readonly #fifo = new SampleFifo(BACKLOG_WINDOWS * VOICE_WINDOW_SAMPLES);
  readonly #window = new Float32Array(VOICE_WINDOW_SAMPLES);
  #probability: SpeechProbability;
  /** Samples that left the backlog, heard or dropped. */
  #passed = 0;
  #running: Promise<void> | undefined;
  #generation = 0;
  #speaking = false;
  /** Length of the run of windows that speaks against the present state, in milliseconds. */
  #runMs = 0;
  #failed = false;
  /** An error to throw at the next push. */
  #kept: Error | undefined;
  #closed = false;

  constructor(open: () => SpeechProbability, options: VoiceActivityOptions = {}) {
    this.#options = { ...DEFAULTS, ...options };
    const { startThreshold, stopThreshold, minSpeechMs, hangoverMs } = this.#options;
    if (!(stopThreshold > 0 && stopThreshold <= startThreshold && startThreshold < 1)) {
      throw new TypeError(`Thresholds are 0 < stop ≤ start < 1, not ${stopThreshold} and ${startThreshold}.`);
    }
    if (!(minSpeechMs >= 0 && hangoverMs >= 0)) {
      throw new TypeError(`minSpeechMs and hangoverMs are milliseconds from 0 on, not ${minSpeechMs} and ${hangoverMs}.`);
    }
    this.#open = open;
    this.#probability = open();
  }

  /** True between `started` and `ended`. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /**
   * Adds sound at 16 kHz, in pieces of any length; the answer comes as an event some milliseconds later.
   * @throws InvalidStateError after `close()`; and once, what a listener threw or how the network failed.
   */
  push(samples: Float32Array): void {
    if (this.#closed) {
      throw new InvalidStateError('The voice activity detector is closed.');
    }
    this.#throwKept();
    for (let at = 0; at < samples.length; at += VOICE_WINDOW_SAMPLES) {
      const piece = samples.subarray(at, at + VOICE_WINDOW_SAMPLES);
      while (this.#fifo.length + piece.length > this.#fifo.capacity) {
        this.#fifo.skip(VOICE_WINDOW_SAMPLES);
        this.#passed += VOICE_WINDOW_SAMPLES;
      }
      this.#fifo.write(piece);
      this.#runNext();
    }
  }

  /** Forgets the past, also an `ended` still to come; for example when the microphone is switched off. */
  reset(): void {
    this.#generation += 1;
    this.#passed += this.#fifo.length;
    this.#fifo.clear();
    this.#probability = this.#open();
    this.#speaking = false;
    this.#runMs = 0;
  }

  /** Resolves when every whole window pushed so far was heard. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) {
      await this.#running;
    }
  }

  /** Stops listening and waits for the window under way; nothing more is told. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.events.clear();
      this.reset();
    }
    await this.settled();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #throwKept(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) {
      throw kept;
    }
  }

  #keep(error: unknown, message: string): Error {
    this.#kept ??= error instanceof Error ? error : new Error(message, { cause: error });
    return this.#kept;
  }

  /** Hands the next window to the network, one at a time: its state passes from window to window. */
  #runNext(): void {
    if (this.#running !== undefined || this.#failed || this.#fifo.length < VOICE_WINDOW_SAMPLES) {
      return;
    }
    this.#fifo.read(this.#window, VOICE_WINDOW_SAMPLES);
    this.#passed += VOICE_WINDOW_SAMPLES;
    const generation = this.#generation;
    const endUs = Math.round((this.#passed * 1_000_000) / RATE_HZ);
    const startedMs = performance.now();
    this.#running = this.#probability(this.#window).then((probability) => {
      this.#options.stats.stageMs('vad', performance.now() - startedMs);
      if (generation === this.#generation) {
        this.#judge(probability, endUs);
      }
    }).catch((error: unknown) => {
      if (!this.#closed) {
        this.#failed = true;
        this.events.emit('failed', { error: this.#keep(error, 'The voice activity network failed.') });
      }
    }).finally(() => {
      this.#running = undefined;
      this.#runNext();
    });
  }

  #judge(probability: number, endUs: number): void {
    const { startThreshold, stopThreshold, minSpeechMs, hangoverMs } = this.#options;
    const against = this.#speaking ? probability < stopThreshold : probability >= startThreshold;
    // A window between the thresholds neither starts speech nor breaks a start that is under way.
    if (!against && !(!this.#speaking && probability >= stopThreshold)) {
      this.#runMs = 0;
      return;
    }
    if (!against && this.#runMs === 0) {
      return;
    }
    this.#runMs += WINDOW_MS;
    if (this.#runMs < (this.#speaking ? hangoverMs : minSpeechMs)) {
      return;
    }
    const atUs = endUs - this.#runMs * 1000;
    this.#speaking = !this.#speaking;
    this.#runMs = 0;
    this.events.emit(this.#speaking ? 'started' : 'ended', { atUs });
  }
}
