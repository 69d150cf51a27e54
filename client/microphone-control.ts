import type { SessionMode } from '../src/transport/messages.ts';
import { element } from './element.ts';
import { LevelMeter } from './level-meter.ts';

/** What each choice means, in words. */
const HINTS: Readonly<Record<SessionMode, string>> = Object.freeze({
  push: 'Off: the portrait speaks only what you type.',
  mirror: 'Mirror: your voice moves the face and is played back with it. Headphones sound best.',
  listen: 'Listen: the portrait notices when you speak, and says only what you type.',
});

/** What browsers call the ways a microphone cannot be had, and what to do. */
const REFUSALS: Readonly<Record<string, string>> = Object.freeze({
  NotAllowedError: 'The browser does not allow the microphone here. Allow it in the address bar, then try again.',
  NotFoundError: 'No microphone was found. Plug one in, then try again.',
  NotReadableError: 'Another program holds the microphone. Close it, then try again.',
});

/** The microphone: switched by the button under the picture or by the three choices. */
export class MicrophoneControl {
  readonly #toggle = element('microphone-toggle', HTMLButtonElement);
  readonly #hint = element('microphone-hint', HTMLElement);
  readonly #level = element('microphone-level', HTMLMeterElement);
  readonly #choices = [...document.querySelectorAll<HTMLInputElement>('input[name=microphone]')];
  readonly #meter = new LevelMeter((level) => { this.#level.value = level; });
  readonly #onChange: (mode: SessionMode) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #lastOn: SessionMode = 'mirror';
  #mode: SessionMode = 'push';
  #wanted: SessionMode = 'push';
  /** The browser is being asked, once for all choices made meanwhile. */
  #asking: Promise<void> | null = null;
  #stream: MediaStream | null = null;

  constructor(onChange: (mode: SessionMode) => Promise<void>, onError: (error: unknown) => void) {
    this.#onChange = onChange;
    this.#onError = onError;
    this.#toggle.addEventListener('click', () => { void this.choose(this.#mode === 'push' ? this.#lastOn : 'push'); });
    for (const choice of this.#choices) {
      choice.addEventListener('change', () => { void this.choose(choice.value as SessionMode); });
    }
  }

  /** What the microphone is used for. */
  get mode(): SessionMode {
    return this.#mode;
  }

  /** The microphone's sound; null while it is off. */
  get track(): MediaStreamTrack | null {
    return this.#stream?.getAudioTracks()[0] ?? null;
  }

  /**
   * Switches to a use of the microphone; a microphone that cannot be had leaves it off.
   * The last choice counts, also over one that still waits for the browser to ask: off is off at once.
   */
  async choose(mode: SessionMode): Promise<void> {
    this.#wanted = mode;
    try {
      if (mode === 'push') {
        this.#release();
      } else {
        await this.#acquire();
      }
      if (this.#wanted === mode) {
        this.#lastOn = mode === 'push' ? this.#lastOn : mode;
        this.#show(mode);
        await this.#onChange(mode);
      }
    } catch (error) {
      // What became of a choice that another has replaced matters to nobody.
      if (this.#wanted === mode) {
        this.#wanted = 'push';
        this.#release();
        this.#show('push');
        this.#onError(explained(error));
      }
    }
  }

  async #acquire(): Promise<void> {
    if (this.#stream === null) {
      this.#asking ??= this.#ask().finally(() => { this.#asking = null; });
      await this.#asking;
    }
  }

  async #ask(): Promise<void> {
    const stream = await openMicrophone();
    if (this.#wanted === 'push') {
      stop(stream);
      return;
    }
    this.#stream = stream;
    this.track?.addEventListener('ended', () => { void this.choose('push'); });
    this.#meter.follow(stream);
  }

  #release(): void {
    this.#meter.stop();
    if (this.#stream !== null) {
      stop(this.#stream);
      this.#stream = null;
    }
  }

  #show(mode: SessionMode): void {
    this.#mode = mode;
    this.#toggle.setAttribute('aria-pressed', String(mode !== 'push'));
    this.#level.hidden = mode === 'push';
    this.#hint.textContent = HINTS[mode];
    for (const choice of this.#choices) {
      choice.checked = choice.value === mode;
    }
  }
}

async function openMicrophone(): Promise<MediaStream> {
  // Absent from pages that came over plain HTTP from another machine, whatever the types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) {
    throw new Error('Browsers give the microphone only to HTTPS pages and to localhost. Open the page that way.');
  }
  return await devices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.stop();
  }
}

function explained(error: unknown): unknown {
  const refusal = error instanceof DOMException ? REFUSALS[error.name] : undefined;
  return refusal === undefined ? error : new Error(refusal, { cause: error });
}
