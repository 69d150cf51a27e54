import type { SessionMode } from '../src/transport/messages.ts';

/** What a session is created with. Every field has a default on the server. */
export interface SessionRequest {
  /** Id of a portrait, from `listAvatars`. Default: the server's. */
  readonly avatar?: string;
  /** Id of a voice for typed text, from `listVoices`. Default: the server's. */
  readonly voice?: string;
  /** Name of an installed model pack. Default: the server's. */
  readonly pack?: string;
  /** How the built-in face moves its head. Default: the server's. */
  readonly style?: 'calm' | 'lively' | 'presenter';
  /** SadTalker: head-pose style, 0 to 45. Default 0. */
  readonly poseStyle?: number;
  /** SadTalker: factor on the expression, 0 to 3. Default 1. */
  readonly expressionScale?: number;
  /** SadTalker: true keeps the portrait's pose. Default false. */
  readonly still?: boolean;
  /** SadTalker: frames of 40 ms that each frame waits for sound after it: 0 to 13, or 50 for what a film would show; more is smoother and later. Default 0. */
  readonly lookAheadFrames?: number;
  /** What the microphone is used for. Default: `push`, not at all. */
  readonly mode?: SessionMode;
}

/** A session as the server describes it. */
export interface SessionDescription {
  readonly id: string;
  /** Address that answers an SDP offer; a path of the server, or absolute. */
  readonly webrtcUrl: string;
  /** Address of the session's WebSocket; a path of the server, or absolute. */
  readonly streamUrl: string;
  readonly avatar: string;
  readonly voice: string | null;
  /** Pack that draws the face. */
  readonly pack: string;
  readonly mode: SessionMode;
  /** Size of the picture in pixels. */
  readonly width: number;
  readonly height: number;
  readonly iceServers: readonly RTCIceServer[];
}

/** A portrait that can be talked to. */
export interface AvatarSummary {
  readonly id: string;
  readonly name: string;
  /** True for those that come with the server; they cannot be deleted. */
  readonly builtIn: boolean;
  readonly width: number;
  readonly height: number;
  /** What the viewer should know about the picture, one sentence each. */
  readonly warnings: readonly string[];
  readonly imageUrl: string;
}

/** A voice for typed text. */
export interface VoiceSummary {
  readonly id: string;
  readonly name: string;
  /** BCP 47 tag, for example `en-GB` or `yue`. */
  readonly language: string;
}

/** A pack of networks that can draw the face. */
export interface PackSummary {
  readonly id: string;
}

/** What a server's faces can be. */
export interface FaceChoices {
  /** Packs that can draw the face, the server's default first. */
  readonly packs: readonly PackSummary[];
  /** How the head of the built-in face moves unless a session asks for another style. */
  readonly style: NonNullable<SessionRequest['style']>;
}

/** An answer of the server that is no success, or none at all (`unreachable`). */
export class OratorError extends Error {
  /** Code of README's error table, or `unreachable`. */
  readonly code: string;
  /** Seconds to wait before trying again, or null when waiting does not help. */
  readonly retryAfterS: number | null;

  constructor(code: string, message: string, retryAfterS: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OratorError';
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/** Longest wait for the answer to a farewell. */
const FAREWELL_LIMIT_MS = 3000;

/** The server's HTTP interface, as far as a browser needs it. Every method throws `OratorError`. */
export class OratorApi {
  readonly #baseUrl: string;

  /** Speaks to the server at this address, by default the page's own. */
  constructor(baseUrl: string = location.origin) {
    this.#baseUrl = baseUrl;
  }

  /** Makes an address of the server absolute. */
  resolve(path: string): URL {
    return new URL(path, this.#baseUrl);
  }

  /** Takes a session slot. Whoever creates a session ends it. */
  async createSession(request: SessionRequest): Promise<SessionDescription> {
    const response = await this.#fetch('/v1/sessions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    return await response.json() as SessionDescription;
  }

  /** Describes a session that there is. */
  async readSession(id: string): Promise<SessionDescription> {
    const response = await this.#fetch(`/v1/sessions/${encodeURIComponent(id)}`);
    return await response.json() as SessionDescription;
  }

  /** Ends a session; one that has ended already is no error. */
  async deleteSession(id: string): Promise<void> {
    try {
      await this.#fetch(`/v1/sessions/${encodeURIComponent(id)}`, { method: 'DELETE', keepalive: true, signal: AbortSignal.timeout(FAREWELL_LIMIT_MS) });
    } catch (error) {
      if (!(error instanceof OratorError) || error.code !== 'unknown_session') {
        throw error;
      }
    }
  }

  /** Ends a session from a page that is going away: needs no answer and outlives the page. */
  abandonSession(id: string): void {
    const address = this.resolve(`/v1/sessions/${encodeURIComponent(id)}/end`);
    navigator.sendBeacon(address);
    // Once more: from a page without referrer, Firefox sends the beacon without an origin, and the server refuses it. This alone
    // would not do, either: of a page that closes, Firefox loses one in five. Whichever is second finds the session ended.
    fetch(address, { method: 'POST', keepalive: true }).catch(() => undefined);
  }

  /** Exchanges an SDP offer for the answer. */
  async answerOffer(webrtcUrl: string, offerSdp: string): Promise<string> {
    const response = await this.#fetch(webrtcUrl, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: offerSdp });
    return await response.text();
  }

  /** Adds a candidate that was found after the offer was sent. */
  async addCandidate(webrtcUrl: string, candidate: RTCIceCandidate): Promise<void> {
    await this.#fetch(webrtcUrl, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify(candidate) });
  }

  /** Lists the portraits. */
  async listAvatars(): Promise<readonly AvatarSummary[]> {
    const response = await this.#fetch('/v1/avatars');
    return (await response.json() as { avatars: AvatarSummary[] }).avatars;
  }

  /** Uploads a JPEG, PNG or WebP of a face. */
  async uploadAvatar(file: File): Promise<AvatarSummary> {
    const name = file.name.replace(/\.[^.]+$/, '');
    const response = await this.#fetch(`/v1/avatars?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { 'content-type': file.type || 'application/octet-stream' },
      body: file,
    });
    return await response.json() as AvatarSummary;
  }

  /** Deletes an uploaded portrait. */
  async deleteAvatar(id: string): Promise<void> {
    await this.#fetch(`/v1/avatars/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  /** Lists the voices for typed text; empty when the server has no text-to-speech engine. */
  async listVoices(): Promise<readonly VoiceSummary[]> {
    const response = await this.#fetch('/v1/voices');
    return (await response.json() as { voices: VoiceSummary[] }).voices;
  }

  /** Tells what can draw the face, and how it moves unless a session asks for something else. */
  async readFaces(): Promise<FaceChoices> {
    const response = await this.#fetch('/v1/packs');
    return await response.json() as FaceChoices;
  }

  async #fetch(path: string, init?: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(this.resolve(path), init);
    } catch (error) {
      throw new OratorError('unreachable', 'The server cannot be reached. Check that it runs, then try again.', null, { cause: error });
    }
    if (!response.ok) {
      throw await errorOf(response);
    }
    return response;
  }
}

/** Reads the server's error body; an answer of something in between (a proxy) has none. */
async function errorOf(response: Response): Promise<OratorError> {
  const body: unknown = await response.json().catch(() => null);
  const { code, message } = (body as { error?: { code?: string; message?: string } } | null)?.error ?? {};
  const header = Number(response.headers.get('retry-after') ?? NaN);
  const retryAfterS = Number.isFinite(header) ? header : null;
  return new OratorError(
    code ?? `http_${response.status}`,
    // The server's sentence names the header; a viewer wants its value.
    message?.replace('Retry-After', String(retryAfterS ?? 'some')) ?? `The server answered ${response.status} ${response.statusText}.`,
    retryAfterS,
  );
}
