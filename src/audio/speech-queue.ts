import { AvatarError, InvalidStateError } from '../base/errors.ts';
import { TICK_US } from '../base/media-clock.ts';
import type { Closeable } from '../base/scope.ts';
import { EdgeFade } from './edge-fade.ts';
import { Resampler, RESAMPLER_RATE_HZ } from './resampler.ts';
import { SampleFifo } from './sample-fifo.ts';
import { Utterance } from './utterance.ts';

const VOICE_RATE_HZ = 48_000;
const MEL_RATE_HZ = 16_000;
const VOICE_SAMPLES = (VOICE_RATE_HZ * TICK_US) / 1_000_000;
const MEL_SAMPLES = (MEL_RATE_HZ * TICK_US) / 1_000_000;

/** Length of the ramps where sound starts and stops, in milliseconds. */
const RAMP_MS = 5;

/** Rates whose filters are kept for the next utterance. */
const MOST_RATES = 2;

/** Utterances that may wait, also empty ones. */
const MOST_UTTERANCES = 64;

/** How long each underrun of an utterance makes it wait, at most, in milliseconds. */
const MOST_PREBUFFER_MS = 160;

/** How a speech queue is bounded. */
export interface SpeechQueueOptions {
  /** Sound that may wait, in milliseconds; `append` refuses more. Default 60,000. */
  readonly maxQueuedMs?: number;
  /**
   * Sound that must wait before an utterance starts or goes on after an underrun, unless it has ended; in milliseconds, default 40.
   * It doubles with each underrun of the same utterance, to at most 160: a source with jitter stutters once, not all the time.
   */
  readonly prebufferMs?: number;
}

const DEFAULTS = Object.freeze({ maxQueuedMs: 60_000, prebufferMs: 40 });

/** An utterance that is over, and how much of it was played. */
export interface PlayedSpeech {
  readonly id: string;
  readonly playedMs: number;
}

/** 20 ms of speech. The object and its arrays are reused: they are valid until the next `pull()`. */
export interface PulledSpeech {
  /** 960 samples at 48 kHz. */
  readonly voice: Float32Array;
  /** The same 20 ms as 320 samples at 16 kHz. */
  readonly mel: Float32Array;
  /** True from an utterance's start to its end, also while it waits for late data. */
  readonly speaking: boolean;
  /** The utterance that starts with this tick. */
  readonly started: string | undefined;
  /** The utterance that ends within this tick. */
  readonly ended: PlayedSpeech | undefined;
}

/** Both filters of one input rate. */
interface RatePair {
  readonly rateHz: number;
  readonly voice: Resampler;
  readonly mel: Resampler;
}

/**
 * One viewer's speech that waits to be played: utterances in the order they began, pulled 20 ms at a time.
 * Rates are changed piece by piece as they are pulled, so a long push blocks nobody. Sound at the two rates stays in step.
 * When data is late in the middle of an utterance, the voice fades out without a click, waits, and goes on.
 */
export class SpeechQueue implements Closeable {
  readonly #options: Required<SpeechQueueOptions>;
  readonly #makeResampler: (fromHz: number, toHz: number) => Resampler;
  readonly #utterances: Utterance[] = [];
  readonly #rates: RatePair[] = [];
  readonly #voiceFifo = new SampleFifo(8192);
  readonly #melFifo = new SampleFifo(4096);
  readonly #voiceFade = new EdgeFade((VOICE_RATE_HZ * RAMP_MS) / 1000);
  readonly #melFade = new EdgeFade((MEL_RATE_HZ * RAMP_MS) / 1000);
  readonly #pulled = {
    voice: new Float32Array(VOICE_SAMPLES),
    mel: new Float32Array(MEL_SAMPLES),
    speaking: false,
    started: undefined as string | undefined,
    ended: undefined as PlayedSpeech | undefined,
  };
  /** State of the utterance at the head. */
  #waits = true;
  #neededMs: number;
  #drained = false;
  #closing: Promise<void> | undefined;

  /** Makes an empty queue. */
  static async create(options: SpeechQueueOptions = {}): Promise<SpeechQueue> {
    return new SpeechQueue({ ...DEFAULTS, ...options }, await Resampler.factory());
  }

  private constructor(options: Required<SpeechQueueOptions>, makeResampler: (fromHz: number, toHz: number) => Resampler) {
    for (const [name, value] of Object.entries(options)) {
      if (!Number.isFinite(value) || value < 0) {
        throw new TypeError(`${name} is a number of milliseconds from 0 on, not ${value}.`);
      }
    }
    this.#options = options;
    this.#makeResampler = makeResampler;
    this.#neededMs = options.prebufferMs;
  }

  /** Sound that waits to be played, in milliseconds. */
  get queuedMs(): number {
    let waitingMs = (this.#voiceFifo.length * 1000) / VOICE_RATE_HZ;
    for (const utterance of this.#utterances) {
      waitingMs += utterance.waitingMs;
    }
    return waitingMs;
  }

  /**
   * Begins an utterance behind those that wait.
   * @throws AvatarError `speech_queue_full` when 64 wait, `audio_already_started` when one of that id still waits; TypeError for a rate that cannot be converted.
   */
  begin(id: string, rateHz: number): void {
    this.#checkOpen();
    if (!Number.isInteger(rateHz) || rateHz < RESAMPLER_RATE_HZ.min || rateHz > RESAMPLER_RATE_HZ.max) {
      throw new TypeError(`The rate is a whole number of hertz from ${RESAMPLER_RATE_HZ.min} to ${RESAMPLER_RATE_HZ.max}, not ${rateHz}.`);
    }
    if (this.#utterances.some((utterance) => utterance.id === id)) {
      throw new AvatarError('audio_already_started', `An utterance ${id} is still waiting or playing. Use another id.`);
    }
    if (this.#utterances.length >= MOST_UTTERANCES) {
      throw new AvatarError('speech_queue_full', `${MOST_UTTERANCES} utterances are waiting already. Wait for speech.ended.`);
    }
    this.#utterances.push(new Utterance(id, rateHz));
  }

  /**
   * Adds samples (−1..1) to an utterance; they are copied.
   * Returns false, and takes nothing, when more than `maxQueuedMs` would wait.
   * @throws InvalidStateError when the utterance was not begun, has ended or was interrupted.
   */
  append(id: string, samples: Float32Array): boolean {
    const utterance = this.#open(id);
    if (this.queuedMs + (samples.length * 1000) / utterance.rateHz > this.#options.maxQueuedMs) {
      return false;
    }
    utterance.append(samples);
    return true;
  }

  /** Ends an utterance: what waits of it is played to its last sample. @throws InvalidStateError as `append`. */
  end(id: string): void {
    this.#open(id).complete = true;
  }

  /** Drops everything and returns what was under way or waiting, with the part that was played. The next pull fades out. */
  interrupt(): PlayedSpeech[] {
    const dropped = this.#utterances.splice(0).map((utterance) => this.#played(utterance));
    this.#finishHead();
    return dropped;
  }

  /** Takes the next 20 ms; call it once per tick. */
  pull(): PulledSpeech {
    this.#checkOpen();
    const pulled = this.#pulled;
    pulled.started = undefined;
    pulled.ended = undefined;
    const head = this.#utterances[0];
    const sound = head !== undefined && this.#ready(head) ? this.#play(head) : { voice: 0, mel: 0 };
    pulled.voice.fill(0, sound.voice);
    pulled.mel.fill(0, sound.mel);
    this.#voiceFade.apply(pulled.voice, sound.voice);
    this.#melFade.apply(pulled.mel, sound.mel);
    pulled.speaking = head?.started ?? false;
    if (head !== undefined && this.#drained && this.#voiceFifo.length === 0 && this.#melFifo.length === 0) {
      pulled.ended = this.#played(head);
      this.#utterances.shift();
      this.#finishHead();
    }
    return pulled;
  }

  /** Gives the filters back and drops what waits. */
  close(): Promise<void> {
    this.#closing ??= this.#closeRates(this.#rates.splice(0));
    this.#utterances.length = 0;
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Says whether the head may sound: enough waits, or nothing more will come. */
  #ready(head: Utterance): boolean {
    const bufferedMs = head.waitingMs + (this.#voiceFifo.length * 1000) / VOICE_RATE_HZ;
    if (this.#waits && !head.complete && bufferedMs < Math.max(this.#neededMs, TICK_US / 1000)) {
      return false;
    }
    this.#waits = false;
    if (!head.started) {
      head.started = true;
      this.#pulled.started = head.id;
    }
    return true;
  }

  /** Writes the head's next sound to the start of both blocks and returns how many samples of each. */
  #play(head: Utterance): { voice: number; mel: number } {
    this.#convert(head);
    let voice = Math.min(VOICE_SAMPLES, this.#voiceFifo.length);
    let mel = Math.min(MEL_SAMPLES, this.#melFifo.length);
    if (!this.#drained) {
      // The filters' delays differ by some samples: what one of them lacks is left for later in both.
      mel = Math.min(mel, Math.floor((voice * MEL_RATE_HZ) / VOICE_RATE_HZ));
      voice = (mel * VOICE_RATE_HZ) / MEL_RATE_HZ;
      if (mel < MEL_SAMPLES) {
        this.#waits = true;
        this.#neededMs = Math.min(MOST_PREBUFFER_MS, Math.max(TICK_US / 1000, 2 * this.#neededMs));
      }
    }
    this.#voiceFifo.read(this.#pulled.voice, voice);
    this.#melFifo.read(this.#pulled.mel, mel);
    head.playedSamples += voice;
    return { voice, mel };
  }

  /** Converts as much of the head as this tick needs. */
  #convert(head: Utterance): void {
    const { voice, mel, rateHz } = this.#filters(head.rateHz);
    const pieceSamples = Math.ceil(rateHz / 100);
    while (head.waiting > 0 && (this.#voiceFifo.length < VOICE_SAMPLES || this.#melFifo.length < MEL_SAMPLES)) {
      const piece = head.take(pieceSamples);
      this.#voiceFifo.write(voice.process(piece));
      this.#melFifo.write(mel.process(piece));
    }
    if (head.complete && head.waiting === 0 && !this.#drained) {
      this.#drained = true;
      this.#voiceFifo.write(voice.finish());
      this.#melFifo.write(mel.finish());
    }
  }

  /** Returns the filters of a rate; those of the last two rates are kept. */
  #filters(rateHz: number): RatePair {
    const known = this.#rates.find((pair) => pair.rateHz === rateHz);
    if (known !== undefined) {
      return known;
    }
    if (this.#rates.length === MOST_RATES) {
      void this.#closeRates(this.#rates.splice(0, 1));
    }
    const pair = { rateHz, voice: this.#makeResampler(rateHz, VOICE_RATE_HZ), mel: this.#makeResampler(rateHz, MEL_RATE_HZ) };
    this.#rates.push(pair);
    return pair;
  }

  async #closeRates(rates: readonly RatePair[]): Promise<void> {
    for (const { voice, mel } of rates) {
      await voice.close();
      await mel.close();
    }
  }

  /** Makes way for the next head. */
  #finishHead(): void {
    this.#voiceFifo.clear();
    this.#melFifo.clear();
    this.#voiceFade.stop();
    this.#melFade.stop();
    for (const { voice, mel } of this.#rates) {
      voice.reset();
      mel.reset();
    }
    this.#waits = true;
    this.#neededMs = this.#options.prebufferMs;
    this.#drained = false;
  }

  #open(id: string): Utterance {
    this.#checkOpen();
    const utterance = this.#utterances.find((candidate) => candidate.id === id);
    if (utterance === undefined || utterance.complete) {
      throw new InvalidStateError(`The utterance ${id} is not open: it was not begun, has ended or was interrupted.`);
    }
    return utterance;
  }

  #played({ id, playedSamples }: Utterance): PlayedSpeech {
    return { id, playedMs: (playedSamples * 1000) / VOICE_RATE_HZ };
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The speech queue is closed.');
    }
  }
}
