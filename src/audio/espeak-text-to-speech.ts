import type { AudioBlock } from '../base/audio-block.ts';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import { noStats, type Stats } from '../base/stats.ts';
import type { EspeakVoice } from './espeak-messages.ts';
import { EspeakThread, type EspeakReady } from './espeak-thread.ts';
import { looksCantonese, scriptRuns } from './script-runs.ts';
import { splitSentences } from './sentence-splitter.ts';
import { readableText } from './speech-text.ts';
import { SpokenPieces, type SpokenPiece } from './spoken-pieces.ts';
import type { SpeakRequest, TextToSpeech, Voice } from './text-to-speech.ts';

/** Sound of one piece that may still be unread when the next piece is asked for, in seconds. */
const AHEAD_S = 2;

/** Our short names: eSpeak's `en` is British. */
const ALIASES: Readonly<Record<string, string>> = Object.freeze({ en: 'en-us', 'en-gb': 'en', zh: 'cmn', 'zh-cn': 'cmn', 'zh-tw': 'cmn', 'zh-hk': 'yue' });

/** Offered first. `+f3` is eSpeak's third female variant; plain voices are male. Female first: both portraits that come with the project are women. */
const OFFERED = ['en+f3', 'en', 'en-gb+f3', 'en-gb', 'cmn+f3', 'cmn', 'yue+f3', 'yue'] as const;

/** eSpeak's variants that sound like women. */
const FEMALE = /^f\d$/i;

/** How the engine is set up. */
export interface EspeakOptions {
  /** Told the time per piece of text as stage `tts`, and each restart. */
  readonly stats?: Stats;
  /** Module that holds the engine. Default `@echogarden/espeak-ng-emscripten`; tests put others in its place. */
  readonly engineModule?: string;
  /** An engine that finishes no piece of text for so many milliseconds hangs: its thread is stopped, and another started for the next text. Default 10,000. */
  readonly patienceMs?: number;
}

const DEFAULTS = Object.freeze({ stats: noStats, engineModule: '@echogarden/espeak-ng-emscripten', patienceMs: 10_000 });

/** A chosen voice: eSpeak's entry and a variant such as `f3`. */
interface ChosenVoice {
  readonly base: EspeakVoice;
  readonly variant: string | undefined;
}

/** eSpeak NG, over a hundred languages without a download, on a thread of its own. The package is optional (GPL-3.0). */
export class EspeakTextToSpeech implements TextToSpeech {
  readonly name = 'espeak-ng';
  readonly #options: Required<EspeakOptions>;
  readonly #voicesById: ReadonlyMap<string, EspeakVoice>;
  readonly #variants: readonly string[];
  #thread: EspeakThread;
  #closing: Promise<void> | undefined;

  /**
   * Starts the engine.
   * @throws AvatarError `speech_engine_missing` when the package is not installed, `speech_engine_failed` when it does not start.
   */
  static async open(options: EspeakOptions = {}): Promise<EspeakTextToSpeech> {
    const all = { ...DEFAULTS, ...options };
    const thread = new EspeakThread(all);
    try {
      return new EspeakTextToSpeech(all, thread, await thread.ready);
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  private constructor(options: Required<EspeakOptions>, thread: EspeakThread, { voices, variants }: EspeakReady) {
    this.#options = options;
    this.#thread = thread;
    this.#variants = variants;
    const byId = new Map(voices.map((voice) => [voice.id, voice]));
    for (const voice of voices) {
      if (!byId.has(voice.language)) {
        byId.set(voice.language, voice);
      }
    }
    this.#voicesById = byId;
  }

  voices(preferred: string): readonly Voice[] {
    return [preferred, ...OFFERED.filter((id) => id !== preferred)].map((id) => {
      const { base, variant } = this.#choose(id);
      return { id, name: variant === undefined ? base.name : `${base.name}, ${FEMALE.test(variant) ? 'female' : variant}`, language: base.language };
    });
  }

  checkVoice(id: string): void {
    this.#choose(id);
  }

  async* speak({ text, voice, signal }: SpeakRequest): AsyncGenerator<AudioBlock, void, undefined> {
    this.#checkOpen();
    signal?.throwIfAborted();
    const pieces = this.#pieces(text, this.#choose(voice));
    const { thread, sampleRateHz } = await this.#running();
    signal?.throwIfAborted();
    const spoken = new SpokenPieces(pieces, { thread, aheadSamples: AHEAD_S * sampleRateHz });
    const onAbort = (): void => { spoken.cancel(signal?.reason); };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      for (let samples = await spoken.next(); samples !== undefined; samples = await spoken.next()) {
        yield { samples, sampleRateHz };
        signal?.throwIfAborted();
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      spoken.cancel(undefined);
    }
  }

  /** Stops the engine's thread; speech under way fails. */
  close(): Promise<void> {
    this.#closing ??= this.#thread.close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Returns the thread, a new one where the last one has crashed. */
  async #running(): Promise<{ thread: EspeakThread; sampleRateHz: number }> {
    if (this.#thread.ended) {
      this.#checkOpen();
      this.#options.stats.count('worker_restarts');
      this.#thread = new EspeakThread(this.#options);
    }
    const thread = this.#thread;
    const { sampleRateHz } = await thread.ready;
    return { thread, sampleRateHz };
  }

  /** Cuts a text into sentences, and those into runs of one language. */
  #pieces(text: string, { base, variant }: ChosenVoice): SpokenPiece[] {
    const suffix = variant === undefined ? '' : `+${variant}`;
    const readable = readableText(text);
    const options = { language: base.language, cantonese: looksCantonese(readable) };
    return splitSentences(readable).flatMap((sentence) => scriptRuns(sentence, options).map((run) => {
      const { identifier } = run.language === undefined ? base : this.#choose(run.language).base;
      return { text: run.text, voice: `${identifier}${suffix}` };
    }));
  }

  #choose(id: string): ChosenVoice {
    const [name = '', variant, ...more] = id.toLowerCase().replaceAll('_', '-').split('+');
    const base = this.#voicesById.get(ALIASES[name] ?? name);
    const known = variant === undefined ? undefined : this.#variants.find((candidate) => candidate.toLowerCase() === variant);
    if (base === undefined || more.length > 0 || (variant !== undefined && known === undefined)) {
      throw new AvatarError('unknown_voice', `There is no voice ${id}. Examples: ${OFFERED.join(', ')}, de, fr, es; a variant follows after a plus sign.`);
    }
    return { base, variant: known };
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The text-to-speech engine is closed.');
    }
  }
}
