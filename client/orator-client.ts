import type { ClientMessage, ServerMessage, SessionMode } from '../src/transport/messages.ts';
import { ControlSocket } from './control-socket.ts';
import { OratorApi } from './orator-api.ts';
import type { SessionDescription, SessionRequest } from './orator-api.ts';
import { PeerLink } from './peer-link.ts';
import { StreamStatistics } from './stream-statistics.ts';
import type { StreamReading } from './stream-statistics.ts';

/** What a client is connected with: the session's settings and where the server is. */
export interface OratorClientOptions extends SessionRequest {
  /** Address of the server. Default: the page's own. */
  readonly serverUrl?: string;
  /** Id of a session that another program created and controls: its face is shown here and nothing else, and the rest is left as it is. */
  readonly session?: string;
}

/** Every message of the server by its type. */
export type OratorEvents = {
  readonly [Type in ServerMessage['type']]: Extract<ServerMessage, { type: Type }>;
};

/** What is told to whoever asks for something while the control connection is not open. */
const NOT_CONNECTED = Object.freeze({ type: 'error', code: 'not_connected', message: 'The control connection is being opened again. Try again in a moment.' } as const);
const REPLACED = Object.freeze({ type: 'error', code: 'control_replaced', message: 'The session is controlled from elsewhere; here it is only shown.' } as const);

/** What the portrait is doing. */
export type SessionState = OratorEvents['session.state']['state'];

/**
 * One talking portrait in a page.
 *
 * ```ts
 * const client = await OratorClient.connect({ avatar: 'astronaut' });
 * video.srcObject = client.stream;
 * client.on('speech.ended', ({ playedMs }) => { console.log(playedMs); });
 * client.speak('Hello!');
 * ```
 *
 * The session lives until `close()`, until the page goes away (the slot is free at once), or until `session.ended` is told:
 * by the server, or by the client itself (`media_lost`, `control_lost`, `page_left`). Then connect a new client.
 */
export class OratorClient {
  /** The session as the server made it: id, size of the picture, voice. */
  readonly session: SessionDescription;
  readonly #api: OratorApi;
  readonly #isOwn: boolean;
  readonly #peer: PeerLink;
  readonly #socket: ControlSocket;
  readonly #statistics = new StreamStatistics();
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();
  readonly #onPageHide = (): void => { this.#abandon(); };
  #state: SessionState = 'idle';
  #spoken = 0;
  /** Id of the speech that is being pushed. */
  #pushed: string | null = null;
  #deaf: OratorEvents['error'];
  #closing: Promise<void> | null = null;

  private constructor(api: OratorApi, session: SessionDescription, isOwn: boolean) {
    this.#api = api;
    this.session = session;
    this.#isOwn = isOwn;
    this.#deaf = isOwn ? NOT_CONNECTED : REPLACED;
    this.#peer = new PeerLink(session.iceServers, () => { this.#lose('media_lost'); });
    this.#socket = new ControlSocket(api.resolve(session.streamUrl), {
      onMessage: (message) => { this.#receive(message); },
      onLost: () => { this.#lose('control_lost'); },
      onReplaced: () => {
        // Picture and sound are still this client's; to end the session would end it for the other, too.
        this.#deaf = REPLACED;
        this.#tell(REPLACED);
      },
    });
    addEventListener('pagehide', this.#onPageHide);
  }

  /** Creates a session, or joins one, and waits until sound and picture can flow. Throws `OratorError`; a session that was created is ended again. */
  static async connect(options: OratorClientOptions = {}): Promise<OratorClient> {
    const { serverUrl, session: joined, ...request } = options;
    const api = new OratorApi(serverUrl);
    const isOwn = joined === undefined;
    const client = new OratorClient(api, isOwn ? await api.createSession(request) : await api.readSession(joined), isOwn);
    try {
      await Promise.all([client.#peer.open(api, client.session), ...(isOwn ? [client.#socket.open()] : [])]);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** The picture and the voice, for a video element's `srcObject`. Tracks are added as they come. */
  get stream(): MediaStream {
    return this.#peer.stream;
  }

  /** What the portrait is doing now. */
  get state(): SessionState {
    return this.#state;
  }

  /** Calls the listener on every message of that type until the returned function is called. */
  on<Type extends keyof OratorEvents>(type: Type, listener: (message: OratorEvents[Type]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  }

  /** Speaks a text after what is being spoken, and returns the id that `speech.started` and `speech.ended` carry. */
  speak(text: string, voice?: string): string {
    const id = this.#nextId();
    this.#send({ type: 'speak', text, id, ...(voice === undefined ? {} : { voice }) });
    return id;
  }

  /** Begins speech that comes as PCM at this rate (8000 to 48000 Hz), ends one that is open still, and returns the new one's id. */
  startPcm(rateHz: number): string {
    this.endPcm();
    const id = this.#nextId();
    if (this.#send({ type: 'audio.start', rateHz, id })) {
      this.#pushed = id;
    }
    return id;
  }

  /**
   * Sends mono PCM: 16-bit as it is, floats as -1 to 1. Pieces of 20 to 200 ms, not much faster than they play.
   * False when it was not sent: the speech, by default the one that `startPcm` began last, was ended or interrupted, or the
   * connection is away. What a speech engine still delivers after an interrupt may so be pushed without harm, under its own id.
   */
  pushPcm(samples: Int16Array<ArrayBuffer> | Float32Array, id: string | null = this.#pushed): boolean {
    if (id === null || id !== this.#pushed) {
      return false;
    }
    const pcm = samples instanceof Int16Array ? samples : toInt16(samples);
    return this.#socket.sendBytes(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
  }

  /** Says that a speech, by default the one that `startPcm` began last, is complete; does nothing for one that was interrupted. */
  endPcm(id: string | null = this.#pushed): void {
    if (id !== null && id === this.#pushed) {
      // What could not be sent is sent by the next call: the server still waits for it.
      this.#pushed = this.#send({ type: 'audio.end' }) ? null : id;
    }
  }

  /** Stops speaking now and forgets what was waiting. */
  interrupt(): void {
    this.#pushed = null;
    this.#send({ type: 'interrupt' });
  }

  /** Says what the microphone is for: nothing (`push`), listening (`listen`), or driving the face (`mirror`). */
  setMode(mode: SessionMode): void {
    this.#send({ type: 'mode', mode });
  }

  /** Sends this microphone track, or none. Its owner stops the track. */
  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    await this.#peer.setMicrophone(track);
  }

  /** How the stream arrives, since the call before; null on the first call. */
  async readStatistics(): Promise<StreamReading | null> {
    return this.#statistics.read(await this.#peer.statistics());
  }

  /** Ends the session and frees its slot, or leaves one that was joined; nothing is told from then on. */
  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    try {
      // First the session, then its connections: a hung-up session would be gone before it could be deleted.
      if (this.#isOwn) {
        await this.#api.deleteSession(this.session.id);
      }
    } finally {
      this.#hangUp();
    }
  }

  #hangUp(): void {
    removeEventListener('pagehide', this.#onPageHide);
    this.#socket.close();
    this.#peer.close();
  }

  /** The page goes away: no answer can be waited for. */
  #abandon(): void {
    this.#closing ??= Promise.resolve();
    if (this.#isOwn) {
      this.#api.abandonSession(this.session.id);
    }
    this.#hangUp();
    this.#tell({ type: 'session.ended', reason: 'page_left' });
  }

  #receive(message: ServerMessage): void {
    if (this.#closing !== null) {
      return;
    }
    if (message.type === 'session.state') {
      this.#state = message.state;
    } else if ((message.type === 'speech.ended' || message.type === 'error') && message.id === this.#pushed) {
      // Interrupted from elsewhere, or refused.
      this.#pushed = null;
    } else if (message.type === 'session.ended') {
      this.#closing = Promise.resolve();
      this.#hangUp();
    }
    this.#tell(message);
  }

  /** A connection is lost: the session is of no more use. */
  #lose(reason: string): void {
    if (this.#closing === null) {
      this.#tell({ type: 'session.ended', reason });
      // Nobody waits for this; the session may be gone with its server, and the server watches over its viewers itself.
      this.close().catch(() => undefined);
    }
  }

  #send(message: ClientMessage): boolean {
    const sent = this.#socket.send(message);
    if (!sent) {
      this.#tell(this.#deaf);
    }
    return sent;
  }

  #tell(message: OratorEvents[keyof OratorEvents]): void {
    for (const listener of this.#listeners.get(message.type) ?? []) {
      try {
        listener(message as never);
      } catch (error) {
        reportError(error);
      }
    }
  }

  #nextId(): string {
    this.#spoken += 1;
    return `speech-${this.#spoken}`;
  }
}

/** Scales floats of -1 to 1 to 16 bits; louder ones are clipped. */
function toInt16(samples: Float32Array): Int16Array<ArrayBuffer> {
  return Int16Array.from(samples, (sample) => Math.round(32_767 * Math.max(-1, Math.min(1, sample))));
}
