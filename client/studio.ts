import { element } from './element.ts';
import { FaceForm } from './face-form.ts';
import { MicrophoneControl } from './microphone-control.ts';
import { NoticeBoard } from './notice-board.ts';
import { OratorApi, OratorError } from './orator-api.ts';
import type { AvatarSummary, SessionRequest } from './orator-api.ts';
import type { OratorClient } from './orator-client.ts';
import { PortraitShelf } from './portrait-shelf.ts';
import { SessionKeeper } from './session-keeper.ts';
import type { Link } from './session-keeper.ts';
import { SpeechForm } from './speech-form.ts';
import { Stage } from './stage.ts';
import { StreamReadouts } from './stream-readouts.ts';

/** Wait before a new choice of portrait or movement is connected, so that arrow keys can run along the choices. */
const SWITCH_DELAY_MS = 350;

/** Conducts the page: its parts, and one session at a time. */
export class Studio {
  readonly #api = new OratorApi();
  readonly #notices = new NoticeBoard();
  readonly #stage = new Stage();
  readonly #readouts = new StreamReadouts((framesPerSecond, latencyMs) => { this.#stage.showReadouts(framesPerSecond, latencyMs); });
  readonly #start = element('start', HTMLButtonElement);
  readonly #interrupt = element('interrupt', HTMLButtonElement);
  readonly #stop = element('stop', HTMLButtonElement);
  /** What was asked to be spoken, by speech id. */
  readonly #captions = new Map<string, string>();
  readonly #onError = (error: unknown): void => {
    if (error instanceof OratorError && error.code === 'device_too_slow') {
      this.#face.useBuiltIn();
    }
    this.#notices.showError(error);
  };
  readonly #portraits = new PortraitShelf(this.#api, { onChosen: (avatar) => { this.#usePortrait(avatar); }, onError: this.#onError });
  readonly #face = new FaceForm(() => { this.#switchSoon(); });
  readonly #speech = new SpeechForm((text) => { void this.#speak(text); });
  readonly #microphone = new MicrophoneControl(async () => { await this.#useMicrophone(); }, this.#onError);
  readonly #keeper = new SessionKeeper({
    request: () => this.#request(),
    onLink: (link) => { this.#showLink(link); },
    onError: this.#onError,
  });
  #switchTimer: ReturnType<typeof setTimeout> | undefined;

  /** Fills the page and waits for the viewer. */
  async open(): Promise<void> {
    this.#start.addEventListener('click', () => { void this.#begin(); });
    this.#stop.addEventListener('click', () => { void this.#end(); });
    this.#interrupt.addEventListener('click', () => { this.#keeper.client?.interrupt(); });
    addEventListener('keydown', ({ key, isComposing }) => {
      // While an input method composes, Escape takes back what it proposes.
      if (key === 'Escape' && !isComposing) {
        this.#keeper.client?.interrupt();
      }
    });
    const results = await Promise.allSettled([
      this.#portraits.load(),
      this.#api.listVoices().then((voices) => { this.#speech.setVoices(voices); }),
      this.#api.readFaces().then((choices) => { this.#face.offer(choices); }),
    ]);
    this.#showLink(this.#keeper.link);
    for (const result of results) {
      if (result.status === 'rejected') {
        this.#onError(result.reason);
      }
    }
  }

  #request(): SessionRequest {
    const { chosen } = this.#portraits;
    const { voice } = this.#speech;
    const { style, pack } = this.#face;
    return {
      mode: this.#microphone.mode,
      ...(style === undefined ? {} : { style }),
      ...(pack === undefined ? {} : { pack }),
      ...(chosen === null ? {} : { avatar: chosen.id }),
      ...(voice === undefined ? {} : { voice }),
    };
  }

  async #begin(): Promise<void> {
    // The start button goes away; on a phone the text box would bring the keyboard over the picture.
    const next = matchMedia('(pointer: fine)').matches ? element('speech-text', HTMLElement) : this.#stop;
    if (await this.#keeper.start() !== null) {
      next.focus({ preventScroll: true });
    }
  }

  async #end(): Promise<void> {
    await this.#microphone.choose('push');
    await this.#keeper.stop();
    this.#start.focus({ preventScroll: true });
  }

  async #speak(text: string): Promise<void> {
    const client = await this.#keeper.start();
    if (client !== null) {
      this.#captions.set(client.speak(text, this.#speech.voice), text);
    }
  }

  /** Gives the session the microphone as it is now switched, also where that changed while it started; switching it on starts a session. */
  async #useMicrophone(): Promise<void> {
    const client = this.#microphone.mode === 'push' ? this.#keeper.client : await this.#keeper.start();
    await client?.setMicrophone(this.#microphone.track);
    client?.setMode(this.#microphone.mode);
  }

  #usePortrait(avatar: AvatarSummary): void {
    this.#stage.showPortrait(avatar);
    this.#switchSoon();
  }

  /** Connects anew with what is chosen now, where a session runs. */
  #switchSoon(): void {
    clearTimeout(this.#switchTimer);
    if (this.#keeper.link.kind !== 'ready') {
      this.#switchTimer = setTimeout(() => { void this.#keeper.restart(); }, SWITCH_DELAY_MS);
    }
  }

  /** Makes the page show where the connection stands. */
  #showLink(link: Link): void {
    const resting = link.kind === 'ready';
    this.#start.disabled = !resting;
    this.#stop.disabled = resting;
    this.#interrupt.disabled = link.kind !== 'live';
    if (link.kind === 'live') {
      this.#notices.clear();
      this.#stage.setState(link.client.state);
      this.#follow(link.client);
      return;
    }
    this.#captions.clear();
    this.#readouts.stop();
    this.#stage.clear();
    if (link.kind === 'retrying') {
      this.#stage.setState('retrying', `Trying again in ${Math.ceil(link.delayMs / 1000)} s`);
    } else {
      this.#stage.setState(link.kind);
    }
  }

  /** Shows a new session and what it tells. */
  #follow(client: OratorClient): void {
    client.on('session.state', ({ state }) => { this.#stage.setState(state); });
    client.on('speech.started', ({ id }) => { this.#stage.showCaption(this.#captions.get(id) ?? null); });
    client.on('speech.ended', ({ id }) => {
      this.#captions.delete(id);
      this.#stage.showCaption(null);
    });
    client.on('vad.started', () => { this.#stage.setHearing(true); });
    client.on('vad.ended', () => { this.#stage.setHearing(false); });
    client.on('error', ({ code, message, id }) => {
      if (id !== undefined) {
        this.#captions.delete(id);
      }
      this.#notices.show(message, code);
    });
    this.#stage.setSize(client.session.width, client.session.height);
    this.#readouts.follow(client);
    this.#stage.play(client.stream).catch(this.#onError);
    client.setMicrophone(this.#microphone.track).catch(this.#onError);
  }
}
