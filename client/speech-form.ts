import { element } from './element.ts';
import type { VoiceSummary } from './orator-api.ts';

/** Sentences to begin with, by language. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = Object.freeze({
  en: ['Hello! Nice to meet you.', 'Shall we begin?', 'Peter Piper picked a peck of peppers.'],
  cmn: ['你好，很高兴见到你。', '今天天气真不错。', '我们开始吧。'],
  yue: ['你好，好高興見到你。', '今日天氣真係好。', '我哋開始啦。'],
});

/** The text box: what is to be said, and in which voice. */
export class SpeechForm {
  readonly #form = element('speech', HTMLFormElement);
  readonly #text = element('speech-text', HTMLTextAreaElement);
  readonly #voice = element('voice', HTMLSelectElement);
  readonly #speak = element('speak', HTMLButtonElement);
  readonly #samples = element('samples', HTMLElement);
  readonly #hint = element('speech-hint', HTMLElement);
  readonly #onSpeak: (text: string) => void;
  #voices: readonly VoiceSummary[] = [];

  constructor(onSpeak: (text: string) => void) {
    this.#onSpeak = onSpeak;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener('keydown', (event) => {
      // While an input method composes, Enter picks a word: it is not the end of the sentence.
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#submit();
      }
    });
    this.#voice.addEventListener('change', () => { this.#offerSamples(); });
  }

  /** Id of the chosen voice; undefined leaves it to the server. */
  get voice(): string | undefined {
    return this.#voice.disabled ? undefined : this.#voice.value;
  }

  /** Fills the list of voices; without any, typing is switched off and the reason shown. */
  setVoices(voices: readonly VoiceSummary[]): void {
    this.#voices = voices;
    const none = voices.length === 0;
    this.#voice.disabled = none;
    this.#text.disabled = none;
    this.#speak.disabled = none;
    if (none) {
      this.#hint.classList.remove('needs-keyboard');
      this.#hint.textContent = 'This server has no text-to-speech engine. Use the microphone, or push PCM.';
      return;
    }
    this.#voice.replaceChildren(...voices.map(({ id, name, language }) => new Option(`${name} (${language})`, id)));
    this.#offerSamples();
  }

  #submit(): void {
    const text = this.#text.value.trim();
    if (text === '') {
      this.#text.focus();
      return;
    }
    this.#onSpeak(text);
    // The sentence stays, selected: Enter repeats it, typing replaces it, and a refused one is not lost.
    this.#text.select();
  }

  #offerSamples(): void {
    const language = this.#voices.find(({ id }) => id === this.voice)?.language ?? 'en';
    const samples = SAMPLES[language] ?? SAMPLES[language.split('-')[0] ?? ''] ?? [];
    this.#samples.replaceChildren(...samples.map((sample) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'chip';
      button.textContent = sample;
      button.lang = language;
      button.addEventListener('click', () => {
        this.#text.value = sample;
        this.#onSpeak(sample);
      });
      return button;
    }));
  }
}
