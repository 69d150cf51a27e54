import { element } from './element.ts';
import type { FaceChoices } from './orator-api.ts';

type Style = FaceChoices['style'];

/** How the head moves in each style, in words. */
const HINTS: Readonly<Record<Style, string>> = Object.freeze({
  calm: 'Calm: the head turns little and seldom.',
  lively: 'Lively: the head follows the voice, as in a talk between two.',
  presenter: 'Presenter: the head turns much and often, as before an audience.',
});

/** What packs are called on the page. */
const PACK_LABELS: Readonly<Record<string, string>> = Object.freeze({ 'built-in': 'Built-in face', sadtalker: 'SadTalker' });

/** How the face moves, and which pack draws it where the server has several. */
export class FaceForm {
  readonly #hint = element('style-hint', HTMLElement);
  readonly #styles = [...document.querySelectorAll<HTMLInputElement>('input[name=style]')];
  readonly #packs = element('pack', HTMLSelectElement);
  readonly #onChanged: () => void;

  constructor(onChanged: () => void) {
    this.#onChanged = onChanged;
    for (const choice of this.#styles) {
      choice.addEventListener('change', () => {
        this.#showHint();
        this.#onChanged();
      });
    }
    this.#packs.addEventListener('change', () => { this.#onChanged(); });
  }

  /** The chosen style; undefined leaves it to the server. */
  get style(): Style | undefined {
    return this.#styles.find(({ checked }) => checked)?.value as Style | undefined;
  }

  /** The chosen pack; undefined leaves it to the server. */
  get pack(): string | undefined {
    return this.#packs.hidden ? undefined : this.#packs.value;
  }

  /** Chooses the face that runs on any machine, where there is a choice. */
  useBuiltIn(): void {
    if (this.pack !== undefined) {
      this.#packs.value = 'built-in';
    }
  }

  /** Offers the server's choices and begins with its own; a single pack is no choice and stays hidden. */
  offer({ packs, style }: FaceChoices): void {
    this.#packs.hidden = packs.length < 2;
    this.#packs.replaceChildren(...packs.map(({ id }) => new Option(PACK_LABELS[id] ?? id, id)));
    for (const choice of this.#styles) {
      choice.checked = choice.value === style;
    }
    this.#showHint();
  }

  #showHint(): void {
    this.#hint.textContent = this.style === undefined ? '' : HINTS[this.style];
  }
}
