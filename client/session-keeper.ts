import { OratorError } from './orator-api.ts';
import { OratorClient } from './orator-client.ts';
import type { OratorClientOptions } from './orator-client.ts';
import { sessionEnding } from './session-ending.ts';

/** Waits before each attempt to connect again, in milliseconds, where the server names none; then it is given up. */
const RETRY_DELAYS_MS = Object.freeze([500, 1000, 2000, 4000, 8000, 15_000]);

/** Codes of refusals that pass by themselves. */
const PASSING_CODES: ReadonlySet<string> = new Set(['unreachable', 'connection_lost', 'too_many_sessions', 'overloaded', 'rate_limited']);

/** Where the connection stands. */
export type Link =
  | { readonly kind: 'ready' }
  | { readonly kind: 'connecting'; readonly opening: Promise<OratorClient | null> }
  | { readonly kind: 'live'; readonly client: OratorClient }
  | { readonly kind: 'retrying'; readonly delayMs: number; readonly timer: ReturnType<typeof setTimeout> };

/** What the keeper needs from the page, and what it tells. */
export interface SessionKeeperOptions {
  /** Settings of the next session. */
  readonly request: () => OratorClientOptions;
  /** The link changed. */
  readonly onLink: (link: Link) => void;
  /** A session could not be had, or was lost. */
  readonly onError: (error: unknown) => void;
}

/** Keeps one session alive from start to stop: connects, connects again after a loss, gives up where waiting does not help. */
export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  #link: Link = { kind: 'ready' };
  #attempt = 0;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
  }

  /** Where the connection stands. */
  get link(): Link {
    return this.#link;
  }

  /** The live session's client; null while there is none. */
  get client(): OratorClient | null {
    return this.#link.kind === 'live' ? this.#link.client : null;
  }

  /** Gives the live client, connecting first where there is none; null when that failed or was stopped. */
  async start(): Promise<OratorClient | null> {
    if (this.#link.kind === 'live') {
      return this.#link.client;
    }
    if (this.#link.kind === 'connecting') {
      return await this.#link.opening;
    }
    this.#attempt = 0;
    return await this.#connect();
  }

  /** Ends the session, or the attempts at one. */
  async stop(): Promise<void> {
    const { client } = this;
    if (this.#link.kind === 'retrying') {
      clearTimeout(this.#link.timer);
    }
    this.#set({ kind: 'ready' });
    await this.#close(client);
  }

  /** Replaces the session by a new one with the settings of now; does nothing while none is wanted. */
  async restart(): Promise<void> {
    if (this.#link.kind !== 'ready') {
      await this.stop();
      await this.start();
    }
  }

  async #connect(): Promise<OratorClient | null> {
    if (this.#link.kind === 'retrying') {
      clearTimeout(this.#link.timer);
    }
    const opening = OratorClient.connect(this.#options.request());
    const mine: Link = { kind: 'connecting', opening: opening.then((client) => client, () => null) };
    this.#set(mine);
    try {
      const client = await opening;
      if (this.#link !== mine) {
        await this.#close(client);
        return null;
      }
      client.on('session.ended', ({ reason }) => { this.#lose(client, reason); });
      this.#attempt = 0;
      this.#set({ kind: 'live', client });
      return client;
    } catch (error) {
      if (this.#link === mine) {
        this.#fail(error);
      }
      return null;
    }
  }

  #lose(client: OratorClient, reason: string): void {
    if (this.client === client) {
      const { text, again } = sessionEnding(reason);
      this.#fail(new OratorError(again ? 'connection_lost' : 'session_ended', text));
    }
  }

  #fail(error: unknown): void {
    const delayMs = retryDelayMs(error, this.#attempt);
    this.#attempt += 1;
    if (delayMs === null) {
      this.#set({ kind: 'ready' });
    } else {
      const timer = setTimeout(() => { void this.#connect(); }, delayMs);
      this.#set({ kind: 'retrying', delayMs, timer });
    }
    this.#options.onError(error);
  }

  async #close(client: OratorClient | null): Promise<void> {
    try {
      await client?.close();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #set(link: Link): void {
    this.#link = link;
    this.#options.onLink(link);
  }
}

/** How long to wait before connecting again; null when that would not help or was tried often enough. */
function retryDelayMs(error: unknown, attempt: number): number | null {
  const delayMs = RETRY_DELAYS_MS[attempt];
  if (!(error instanceof OratorError) || !PASSING_CODES.has(error.code) || delayMs === undefined) {
    return null;
  }
  return error.retryAfterS === null ? delayMs : 1000 * error.retryAfterS;
}
