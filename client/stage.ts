import { element } from './element.ts';
import { LevelMeter } from './level-meter.ts';
import type { AvatarSummary } from './orator-api.ts';

/** What the page is doing, as the pill and the styles show it. */
export type StageState = 'ready' | 'connecting' | 'idle' | 'listening' | 'speaking' | 'retrying';

/** Words on the pill. */
const STATE_TEXTS: Readonly<Record<StageState, string>> = Object.freeze({
  ready: 'Ready',
  connecting: 'Connecting',
  idle: 'Idle',
  listening: 'Listening',
  speaking: 'Speaking',
  retrying: 'Reconnecting',
});

/** The large picture with everything that lies on it: state, readouts, caption, start button. */
export class Stage {
  readonly #frame = element('frame', HTMLElement);
  readonly #poster = element('poster', HTMLImageElement);
  readonly #video = element('video', HTMLVideoElement);
  readonly #stateText = element('state-text', HTMLElement);
  readonly #caption = element('caption', HTMLElement);
  readonly #unmute = element('unmute', HTMLButtonElement);
  readonly #framesPerSecond = element('frames-per-second', HTMLElement);
  readonly #latency = element('latency', HTMLElement);
  readonly #glow = new LevelMeter((level) => { this.#frame.style.setProperty('--level', level.toFixed(3)); });

  constructor() {
    this.#unmute.addEventListener('click', () => {
      this.#video.muted = false;
      this.#unmute.hidden = true;
    });
    for (const type of ['loadeddata', 'resize']) {
      // Where the sound comes first, Firefox has loaded data before there is a picture.
      this.#video.addEventListener(type, () => { this.#frame.classList.toggle('has-video', this.#video.videoWidth > 0); });
    }
  }

  /** Shows the still portrait in its own shape. */
  showPortrait(avatar: AvatarSummary): void {
    this.#poster.src = avatar.imageUrl;
    this.#poster.alt = avatar.name;
    this.#poster.hidden = false;
    this.setSize(avatar.width, avatar.height);
  }

  /** Gives the frame the picture's shape. */
  setSize(width: number, height: number): void {
    this.#frame.style.setProperty('--aspect', (width / height).toFixed(4));
  }

  /** Shows the state; the text overrides the usual word. */
  setState(state: StageState, text: string = STATE_TEXTS[state]): void {
    document.body.dataset['state'] = state;
    if (this.#stateText.textContent !== text) {
      this.#stateText.textContent = text;
    }
  }

  /** Shows that the viewer is heard speaking. */
  setHearing(hearing: boolean): void {
    document.body.classList.toggle('is-heard', hearing);
  }

  /** Plays a stream with sound; where the browser refuses sound, plays without and offers a button. */
  async play(stream: MediaStream): Promise<void> {
    this.#video.muted = false;
    this.#video.srcObject = stream;
    this.#glow.follow(stream);
    try {
      await this.#video.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') {
        throw error;
      }
      this.#video.muted = true;
      this.#unmute.hidden = false;
      await this.#video.play();
    }
  }

  /** Goes back to the still portrait. */
  clear(): void {
    this.#glow.stop();
    this.#video.srcObject = null;
    this.#frame.classList.remove('has-video');
    this.#unmute.hidden = true;
    this.setHearing(false);
    this.showCaption(null);
    this.showReadouts(null, null);
  }

  /** Shows the words being spoken, or none. */
  showCaption(text: string | null): void {
    this.#caption.textContent = text;
    this.#caption.hidden = text === null;
  }

  /** Shows frames a second and latency in milliseconds; null is unknown. */
  showReadouts(framesPerSecond: number | null, latencyMs: number | null): void {
    this.#framesPerSecond.textContent = framesPerSecond === null ? '–' : framesPerSecond.toFixed(0);
    this.#latency.textContent = latencyMs === null ? '–' : `${latencyMs.toFixed(0)} ms`;
  }
}
