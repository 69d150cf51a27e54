import { OratorApi } from './orator-api.ts';
import type { SessionRequest } from './orator-api.ts';
import type { OratorClient, OratorClientOptions, OratorEvents } from './orator-client.ts';
import { SessionKeeper } from './session-keeper.ts';
import type { Link } from './session-keeper.ts';

/** Messages of the server that the element passes on as events of the same name. */
const EVENTS: readonly (keyof OratorEvents)[] = Object.freeze(['session.state', 'session.ended', 'speech.started', 'speech.ended', 'speech.window', 'vad.started', 'vad.ended', 'error']);

/** Wait of an element that connects by itself before it tries once more after it gave up, in milliseconds. */
const AGAIN_MS = 15_000;

const STYLES = `
:host { display: inline-block; position: relative; overflow: hidden; inline-size: 20rem; aspect-ratio: var(--aspect, 1); }
:host([hidden]) { display: none; }
img[hidden] { display: none; }
img, video { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: var(--fit, cover); object-position: var(--position, 50%); }
video { opacity: 0; }
:host([state=live]) video.is-shown { opacity: 1; }
`;

/**
 * `<orator-face>`: a talking portrait for any page.
 *
 * Attributes: `server` (address; default: the one the script came from), `avatar`, `voice`, `pack`, `movement` (`calm`, `lively`,
 * `presenter`), `session` (joins one that another program controls), `autoplay` (connects by itself, and again whenever it can).
 * Style: `--fit` and `--position` place the picture as `object-fit` and `object-position` do; its parts are `video` and `poster`.
 * The attribute `state` tells `ready`, `connecting`, `live` or `retrying`. Events: `link` (the state changed), those of
 * `OratorEvents` with the message as `detail`, and `failed` with the error. Two on a page are two sessions; one that leaves the
 * page ends its session, one that is only moved keeps it.
 */
export class OratorFace extends HTMLElement {
  static readonly observedAttributes: readonly string[] = ['server', 'avatar', 'voice', 'pack', 'movement', 'session', 'autoplay'];

  readonly #video = document.createElement('video');
  readonly #poster = document.createElement('img');
  readonly #keeper = new SessionKeeper({
    request: () => this.#request(),
    onLink: (link) => { this.#show(link); },
    onError: (detail) => { this.dispatchEvent(new CustomEvent('failed', { detail })); },
  });
  #again: ReturnType<typeof setTimeout> | undefined;
  #settling = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    // Not a <style>: a page's security policy may forbid those.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    this.#video.playsInline = true;
    this.#video.part.add('video');
    this.#poster.alt = '';
    this.#poster.hidden = true;
    this.#poster.part.add('poster');
    this.#poster.addEventListener('error', () => { this.#poster.hidden = true; });
    root.append(this.#poster, this.#video);
    for (const type of ['loadeddata', 'resize']) {
      this.#video.addEventListener(type, () => { this.#video.classList.toggle('is-shown', this.#video.videoWidth > 0); });
    }
  }

  /** The session's client: speech, pushed PCM, microphone, statistics. Null while there is none. */
  get client(): OratorClient | null {
    return this.#keeper.client;
  }

  /** Whether the sound is off. Browsers refuse it until the viewer has pressed something on the page; set it to false then. */
  get muted(): boolean {
    return this.#video.muted;
  }

  set muted(muted: boolean) {
    this.#video.muted = muted;
  }

  /** Gives the client, connecting first where there is none; null when that failed or was stopped. */
  async start(): Promise<OratorClient | null> {
    return this.#keeper.start();
  }

  /** Ends the session. */
  async stop(): Promise<void> {
    const stopping = this.#keeper.stop();
    clearTimeout(this.#again);
    await stopping;
  }

  /** Speaks a text after what is being spoken, connecting first where need be; gives its id, or null without a session. */
  async speak(text: string): Promise<string | null> {
    return (await this.start())?.speak(text) ?? null;
  }

  connectedCallback(): void {
    this.#settle();
  }

  disconnectedCallback(): void {
    this.#settle();
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (!this.isConnected || before === now) {
      return;
    }
    if (name !== 'autoplay') {
      // Does nothing where there is no session.
      void this.#keeper.restart();
    }
    this.#settle();
  }

  /** Does what the element's place asks for, once it is known: who moves an element takes it out first. */
  #settle(): void {
    if (this.#settling) {
      return;
    }
    this.#settling = true;
    queueMicrotask(() => {
      this.#settling = false;
      if (!this.isConnected) {
        void this.stop();
        return;
      }
      this.#showPoster();
      if (this.#keeper.link.kind === 'live') {
        void this.#play();
      } else if (this.hasAttribute('autoplay')) {
        void this.start();
      }
    });
  }

  get #server(): string {
    return this.getAttribute('server') ?? new URL(import.meta.url).origin;
  }

  #request(): OratorClientOptions {
    const named = (name: string): string | undefined => this.getAttribute(name) ?? undefined;
    const [avatar, voice, pack, style, session] = ['avatar', 'voice', 'pack', 'movement', 'session'].map(named);
    return {
      serverUrl: this.#server,
      ...(avatar === undefined ? {} : { avatar }),
      ...(voice === undefined ? {} : { voice }),
      ...(pack === undefined ? {} : { pack }),
      // A wrong one is refused by the server, in words.
      ...(style === undefined ? {} : { style: style as NonNullable<SessionRequest['style']> }),
      ...(session === undefined ? {} : { session }),
    };
  }

  #showPoster(): void {
    const avatar = this.getAttribute('avatar');
    this.#poster.hidden = avatar === null;
    if (avatar !== null) {
      this.#poster.src = new OratorApi(this.#server).resolve(`/v1/avatars/${encodeURIComponent(avatar)}/image`).href;
    }
  }

  #show(link: Link): void {
    clearTimeout(this.#again);
    this.setAttribute('state', link.kind);
    if (link.kind === 'live') {
      this.#follow(link.client);
    } else {
      this.#video.srcObject = null;
      this.#video.classList.remove('is-shown');
    }
    if (link.kind === 'ready' && this.isConnected && this.hasAttribute('autoplay')) {
      // Nobody is there to press a button, as in a broadcast's overlay.
      this.#again = setTimeout(() => { void this.start(); }, AGAIN_MS);
    }
    this.dispatchEvent(new Event('link'));
  }

  #follow(client: OratorClient): void {
    for (const type of EVENTS) {
      client.on(type, (detail) => { this.dispatchEvent(new CustomEvent(type, { detail })); });
    }
    this.style.setProperty('--aspect', String(client.session.width / client.session.height));
    this.#video.srcObject = client.stream;
    void this.#play();
  }

  /** Plays with sound, or without where the browser refuses it. */
  async #play(): Promise<void> {
    try {
      await this.#video.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotAllowedError' && !this.muted) {
        this.muted = true;
        await this.#play();
      }
      // Any other refusal is a newer picture, or none, in place of this one.
    }
  }
}
