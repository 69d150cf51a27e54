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

/** Most windows that are heard in one go. */
const MOST_AT_ONCE = 8;

/** One listener's run of the network: gives the probability of speech of each of some windows, which follow those of the last call. */
export type SpeechProbabilities = (windows: Float32Array) => Promise<readonly number[]>;

/** Probability from which a window counts as speech. */
const SPEECH_PROBABILITY = 0.5;

/** Probability below which a window counts as silence once speech has started. */
const SILENCE_PROBABILITY = 0.35;

/** Speech must go on this long before it is told. */
const LEAST_SPEECH_MS = 96;

/** Silence must go on this long before the end is told. */
const HANGOVER_MS = 500;

/** How a detector reports. */
export interface VoiceActivityOptions {
  /** Told the time of each turn of the network, of one to eight windows, as stage `vad`. */
  readonly stats?: Stats;
}

/** What a detector tells; times are microseconds of pushed sound. */
export interface VoiceActivityEvents {
  /** Someone speaks, since `atUs`. */
  started: { readonly atUs: number };
  /** Nobody speaks any more, since `atUs`. */
  ended: { readonly atUs: number };
  /** The network failed; the detector hears nothing more. */
  failed: { readonly error: Error };
}

/**
 * Says when someone speaks in one stream of sound; made by `VoiceActivityModel.detector`. The network hears several windows in one
 * go, but never waits for one with which something could be told already.
 */
export class VoiceActivityDetector implements Closeable {
  readonly events = new Emitter<VoiceActivityEvents>((error) => { this.#keep(error, 'A listener of the voice activity detector failed.'); });
  readonly #stats: Stats;
  readonly #open: () => SpeechProbabilities;
  readonly #fifo = new SampleFifo(BACKLOG_WINDOWS * VOICE_WINDOW_SAMPLES);
  readonly #windows = new Float32Array(MOST_AT_ONCE * VOICE_WINDOW_SAMPLES);
  #probabilities: SpeechProbabilities;
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

  constructor(open: () => SpeechProbabilities, options: VoiceActivityOptions = {}) {
    this.#stats = options.stats ?? noStats;
    this.#open = open;
    this.#probabilities = open();
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
    this.#probabilities = this.#open();
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

  /** Hands the next windows to the network, one turn after the other: its state passes from window to window. */
  #runNext(): void {
    const windows = this.#windowsToNews();
    const samples = windows * VOICE_WINDOW_SAMPLES;
    if (this.#running !== undefined || this.#failed || this.#fifo.length < samples) {
      return;
    }
    this.#fifo.read(this.#windows, samples);
    const startUs = Math.round((this.#passed * 1_000_000) / RATE_HZ);
    this.#passed += samples;
    const generation = this.#generation;
    const startedMs = performance.now();
    this.#running = this.#probabilities(this.#windows.subarray(0, samples)).then((probabilities) => {
      this.#stats.stageMs('vad', performance.now() - startedMs);
      for (let window = 0; window < windows && generation === this.#generation; window++) {
        this.#judge(probabilities[window]!, startUs + (window + 1) * WINDOW_MS * 1000);
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

  /** Returns how many more windows must be heard, at the least, before anything can be told. */
  #windowsToNews(): number {
    const neededMs = (this.#speaking ? HANGOVER_MS : LEAST_SPEECH_MS) - this.#runMs;
    return Math.min(MOST_AT_ONCE, Math.max(1, Math.ceil(neededMs / WINDOW_MS)));
  }

  #judge(probability: number, endUs: number): void {
    const against = this.#speaking ? probability < SILENCE_PROBABILITY : probability >= SPEECH_PROBABILITY;
    // A window between the thresholds neither starts speech nor breaks a start that is under way.
    if (!against && !(!this.#speaking && probability >= SILENCE_PROBABILITY)) {
      this.#runMs = 0;
      return;
    }
    if (!against && this.#runMs === 0) {
      return;
    }
    this.#runMs += WINDOW_MS;
    if (this.#runMs < (this.#speaking ? HANGOVER_MS : LEAST_SPEECH_MS)) {
      return;
    }
    const atUs = endUs - this.#runMs * 1000;
    this.#speaking = !this.#speaking;
    this.#runMs = 0;
    this.events.emit(this.#speaking ? 'started' : 'ended', { atUs });
  }
}
