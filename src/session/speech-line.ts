import { Emitter } from '../base/emitter.ts';
import { AvatarError } from '../base/errors.ts';
import { TICK_US } from '../base/media-clock.ts';
import { Scope } from '../base/scope.ts';
import type { Closeable } from '../base/scope.ts';
import { Resampler } from '../audio/resampler.ts';
import { SpeechQueue } from '../audio/speech-queue.ts';
import type { PulledSpeech } from '../audio/speech-queue.ts';
import type { TextToSpeech } from '../audio/text-to-speech.ts';

const TICK_MS = TICK_US / 1000;
const VOICE_RATE_HZ = 48_000;
const MEL_RATE_HZ = 16_000;
const VOICE_SAMPLES = (VOICE_RATE_HZ * TICK_MS) / 1000;

/** Length of the fade when speech is cut off: 5 ms. */
const FADE_SAMPLES = VOICE_RATE_HZ / 200;

/** Speech of a text that may wait in the queue before the engine is asked for more. */
const TEXT_AHEAD_MS = 3000;

/** How often the window of a push is announced, in ticks: half a second. */
const WINDOW_TICKS = 25;

/** Texts that may wait behind the one being spoken. */
const MOST_WAITING_TEXTS = 16;

/** What happened to an utterance, told when the viewer hears it. One without any sound, or interrupted before its first, only ends. */
export interface SpeechLineEvents {
  /** Its first sound leaves; it arrived `waitedMs` ago, and nothing else was waiting then when `fresh`. */
  started: { readonly id: string; readonly waitedMs: number; readonly fresh: boolean };
  ended: { readonly id: string; readonly playedMs: number; readonly interrupted: boolean };
  /** So much more sound may be pushed now, in milliseconds: at the start of a push and every half second until it ends. */
  window: { readonly id: string; readonly windowMs: number };
  /** A text could not be spoken, or not to its end; only one whose sound had begun also ends. */
  failed: { readonly id: string; readonly error: AvatarError };
}

/** One tick's sound. Both arrays are reused at the next tick. */
export interface SpeechTick {
  /** 320 samples at 16 kHz, new at this tick: what the mouth follows. */
  readonly mel: Float32Array;
  /** 960 samples at 48 kHz, from `delayMs` ago: what the viewer hears. */
  readonly voice: Float32Array;
  /** True from the first new sound of speech on until its last has left. */
  readonly speaking: boolean;
  /** True while what the viewer hears is speech. */
  readonly heard: boolean;
}

/** How a speech line is set up. */
export interface SpeechLineOptions {
  /** Engine for typed text; without one, `speak` fails with `speech_engine_missing`. */
  readonly textToSpeech: TextToSpeech | undefined;
  readonly voice: string;
  readonly maxTextChars: number;
  readonly maxQueuedMs: number;
  /** Time between sound in and sound out: what the picture needs. Whole ticks of 20 ms. */
  readonly delayMs: number;
  /** Told when a listener of the line's events throws. */
  readonly onListenerError: (error: unknown) => void;
}

/** What is to be told at a later tick. */
type Scheduled =
  | { readonly tick: number; readonly name: 'started'; readonly id: string }
  | { readonly tick: number; readonly name: 'ended'; readonly id: string; readonly playedMs: number };

/** A text that waits to be spoken, or whose sound is being made. */
interface Text {
  readonly id: string;
  readonly text: string;
  readonly voice: string;
  readonly signal: AbortSignal;
  /** True once its utterance waits in the queue. */
  begun: boolean;
}

/** One viewer's way from texts, pushed PCM and the mirrored microphone to the sound that is heard and seen. */
export class SpeechLine implements Closeable {
  readonly events: Emitter<SpeechLineEvents>;
  readonly #scope = new Scope();
  readonly #options: SpeechLineOptions;
  readonly #queue: SpeechQueue;
  readonly #mirror: Resampler;
  readonly #delayed: readonly Float32Array[];
  /** Says of each of them whether it is speech. */
  readonly #spoken: boolean[];
  readonly #voice = new Float32Array(VOICE_SAMPLES);
  readonly #mel = new Float32Array((MEL_RATE_HZ * TICK_MS) / 1000);
  readonly #scheduled: Scheduled[] = [];
  readonly #arrivals = new Map<string, { readonly atMs: number; readonly fresh: boolean }>();
  readonly #texts = new Set<Text>();
  #saying: Promise<void> = Promise.resolve();
  #cancel = new AbortController();
  #roomMade: (() => void) | undefined;
  #pushed: { readonly id: string; arrived: boolean } | undefined;
  #lastUtterance = 0;
  #ticks = 0;

  private constructor(options: SpeechLineOptions, queue: SpeechQueue, mirror: Resampler) {
    this.#options = options;
    this.events = new Emitter(options.onListenerError);
    this.#queue = this.#scope.own(queue);
    this.#mirror = this.#scope.own(mirror);
    this.#delayed = Array.from({ length: options.delayMs / TICK_MS }, () => new Float32Array(VOICE_SAMPLES));
    this.#spoken = this.#delayed.map(() => false);
    this.#scope.defer(() => { this.#stopTexts(); });
  }

  static async open(options: SpeechLineOptions): Promise<SpeechLine> {
    const queue = await SpeechQueue.create({ maxQueuedMs: options.maxQueuedMs });
    return new SpeechLine(options, queue, await Resampler.create(MEL_RATE_HZ, VOICE_RATE_HZ));
  }

  /** Speech that waits to be played, in milliseconds. */
  get queuedMs(): number {
    return this.#queue.queuedMs;
  }

  /**
   * Speaks a text after what is waiting, and returns the utterance's id.
   * @throws AvatarError `text_too_long`, `speech_engine_missing`, `unknown_voice`, `speech_queue_full`.
   */
  speak(text: string, { voice = this.#options.voice, id = this.#newId() }: { voice?: string | undefined; id?: string | undefined } = {}): string {
    const { textToSpeech, maxTextChars } = this.#options;
    if (text.length > maxTextChars) {
      throw new AvatarError('text_too_long', `The text has ${text.length} characters; at most ${maxTextChars} are spoken at once. Split it.`);
    }
    if (textToSpeech === undefined) {
      throw new AvatarError('speech_engine_missing', 'No text-to-speech engine is installed. Install the optional package or push PCM.');
    }
    textToSpeech.checkVoice(voice);
    if (this.#texts.size >= MOST_WAITING_TEXTS) {
      throw new AvatarError('speech_queue_full', `${MOST_WAITING_TEXTS} texts are waiting already. Wait for speech.ended.`);
    }
    this.#arrived(id, this.#idle && this.#pushed === undefined);
    const waiting: Text = { id, text, voice, signal: this.#cancel.signal, begun: false };
    this.#texts.add(waiting);
    this.#saying = this.#saying.then(() => this.#say(textToSpeech, waiting));
    return id;
  }

  /**
   * Starts pushed PCM and returns the utterance's id.
   * @throws AvatarError `audio_already_started`.
   */
  startPcm(rateHz: number, id = this.#newId()): string {
    if (this.#pushed !== undefined) {
      throw new AvatarError('audio_already_started', 'The last pushed speech has not ended. Send audio.end or interrupt first.');
    }
    this.#queue.begin(id, rateHz);
    this.#pushed = { id, arrived: false };
    this.#tellWindow(id);
    return id;
  }

  /**
   * Adds samples to the pushed speech.
   * @throws AvatarError `no_audio_started`, `speech_queue_full` (nothing of the samples is taken then).
   */
  appendPcm(samples: Float32Array): void {
    const pushed = this.#started();
    const fresh = this.#idle;
    if (!this.#queue.append(pushed.id, samples)) {
      throw new AvatarError('speech_queue_full', `${this.#options.maxQueuedMs} ms of speech are waiting already. Push no faster than it is spoken.`);
    }
    if (!pushed.arrived) {
      pushed.arrived = true;
      this.#arrived(pushed.id, fresh);
    }
  }

  /** Ends the pushed speech. @throws AvatarError `no_audio_started`. */
  endPcm(): void {
    this.#queue.end(this.#started().id);
    this.#pushed = undefined;
  }

  /** Silences everything at once: nothing spoken so far is heard after the current tick. */
  interrupt(): void {
    const unspoken = [...this.#texts].filter(({ begun }) => !begun).map(({ id }) => ({ id, playedMs: 0 }));
    this.#stopTexts();
    this.#texts.clear();
    this.#cancel = new AbortController();
    this.#pushed = undefined;
    for (const [index, block] of this.#delayed.entries()) {
      silence(block, index === this.#ticks % this.#delayed.length ? FADE_SAMPLES : 0);
    }
    this.#spoken.fill(false);
    const ended = this.#scheduled.splice(0).flatMap((next) => (next.name === 'ended'
      ? [{ id: next.id, playedMs: next.playedMs - (next.tick - this.#ticks) * TICK_MS }] : []));
    const pulled = this.#queue.interrupt().map(({ id, playedMs }) => ({ id, playedMs: playedMs - this.#options.delayMs }));
    // The queue's own fade-out follows 200 ms behind a sound that nobody hears any more.
    this.#queue.pull();
    this.#arrivals.clear();
    for (const { id, playedMs } of [...ended, ...pulled, ...unspoken]) {
      this.events.emit('ended', { id, playedMs: Math.max(0, Math.round(playedMs)), interrupted: true });
    }
  }

  /** Makes one tick of sound. The mirrored microphone (320 samples at 16 kHz) is mixed in where given. */
  tick(microphone?: Float32Array): SpeechTick {
    const pulled = this.#queue.pull();
    this.#mel.set(pulled.mel);
    const at = this.#ticks % this.#delayed.length;
    const slot = this.#delayed[at]!;
    const heard = this.#spoken[at]!;
    this.#voice.set(slot);
    slot.set(pulled.voice);
    this.#spoken[at] = pulled.speaking && pulled.ended?.playedMs !== 0;
    if (microphone !== undefined) {
      mixInto(this.#mel, microphone);
      mixInto(slot, this.#mirror.process(microphone));
    }
    this.#report(pulled);
    this.#ticks += 1;
    if (this.#pushed !== undefined && this.#ticks % WINDOW_TICKS === 0) {
      this.#tellWindow(this.#pushed.id);
    }
    if (this.#queue.queuedMs < TEXT_AHEAD_MS) {
      this.#roomMade?.();
    }
    return { mel: this.#mel, voice: this.#voice, speaking: heard || this.#spoken.includes(true), heard };
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** True while nothing waits to be heard. */
  get #idle(): boolean {
    return this.#queue.queuedMs === 0 && this.#arrivals.size === 0 && this.#texts.size === 0;
  }

  #report({ started, ended }: PulledSpeech): void {
    const tick = this.#ticks + this.#delayed.length;
    // One without any sound starts and ends within one tick.
    if (started !== undefined && ended?.playedMs !== 0) {
      this.#scheduled.push({ tick, name: 'started', id: started });
    }
    if (ended !== undefined) {
      this.#scheduled.push({ tick: tick + 1, name: 'ended', ...ended });
    }
    for (let next = this.#scheduled[0]; next !== undefined && next.tick <= this.#ticks; next = this.#scheduled[0]) {
      this.#scheduled.shift();
      if (next.name === 'started') {
        this.#tellStarted(next.id);
      } else {
        this.#arrivals.delete(next.id);
        this.events.emit('ended', { id: next.id, playedMs: Math.round(next.playedMs), interrupted: false });
      }
    }
  }

  #tellStarted(id: string): void {
    const nowMs = performance.now();
    const { atMs, fresh } = this.#arrivals.get(id) ?? { atMs: nowMs, fresh: false };
    this.#arrivals.delete(id);
    this.events.emit('started', { id, waitedMs: nowMs - atMs, fresh });
  }

  #tellWindow(id: string): void {
    this.events.emit('window', { id, windowMs: Math.max(0, Math.floor(this.#options.maxQueuedMs - this.#queue.queuedMs)) });
  }

  #arrived(id: string, fresh: boolean): void {
    this.#arrivals.set(id, { atMs: performance.now(), fresh });
  }

  #started(): { readonly id: string; arrived: boolean } {
    if (this.#pushed === undefined) {
      throw new AvatarError('no_audio_started', 'PCM came before audio.start. Send audio.start with rateHz first.');
    }
    return this.#pushed;
  }

  #newId(): string {
    this.#lastUtterance += 1;
    return `utterance-${this.#lastUtterance}`;
  }

  #stopTexts(): void {
    this.#cancel.abort();
    this.#roomMade?.();
  }

  async #say(engine: TextToSpeech, text: Text): Promise<void> {
    try {
      for await (const block of engine.speak(text)) {
        this.#begin(text, block.sampleRateHz);
        await this.#append(text, block.samples);
      }
      // A text without sound ends in its turn like any other.
      this.#begin(text, MEL_RATE_HZ);
    } catch (error) {
      this.#failed(text, error);
    } finally {
      this.#texts.delete(text);
    }
    if (text.begun && !text.signal.aborted) {
      this.#queue.end(text.id);
    }
  }

  #begin(text: Text, rateHz: number): void {
    text.signal.throwIfAborted();
    if (!text.begun) {
      this.#queue.begin(text.id, rateHz);
      text.begun = true;
    }
  }

  #failed({ id, begun, signal }: Text, error: unknown): void {
    // After an interrupt this is the interrupt itself, which was told.
    if (signal.aborted) {
      return;
    }
    if (!begun) {
      this.#arrivals.delete(id);
    }
    this.events.emit('failed', { id, error: error instanceof AvatarError ? error : new AvatarError('speech_engine_failed', 'The text could not be spoken. Try again.', { cause: error }) });
  }

  async #append({ id, signal }: Text, samples: Float32Array): Promise<void> {
    while (!signal.aborted && (this.#queue.queuedMs >= TEXT_AHEAD_MS || !this.#queue.append(id, samples))) {
      await new Promise<void>((resolve) => { this.#roomMade = resolve; });
      this.#roomMade = undefined;
    }
  }
}

/** Silences a block after a straight fade over its first samples, so that the cut does not click. */
function silence(block: Float32Array, fadeSamples: number): void {
  for (let index = 0; index < fadeSamples; index++) {
    block[index]! *= 1 - index / fadeSamples;
  }
  block.fill(0, fadeSamples);
}

function mixInto(target: Float32Array, added: Float32Array): void {
  const length = Math.min(target.length, added.length);
  for (let index = 0; index < length; index++) {
    target[index] = Math.max(-1, Math.min(1, target[index]! + added[index]!));
  }
}
