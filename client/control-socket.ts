import type { ClientMessage, ServerMessage } from '../src/transport/messages.ts';

/** Waits before each attempt to open the socket again, in milliseconds; after the last one the socket is lost. */
const REOPEN_DELAYS_MS = Object.freeze([250, 1000, 2500]);

/** Close code by which the server refuses the socket, for example because the session has ended. */
const REFUSED = 4000;

/** Close code by which the server says that a newer socket controls the session. */
const REPLACED = 4001;

/** Tells what arrives and what becomes of the socket. */
export interface ControlSocketEvents {
  /** A message came. */
  readonly onMessage: (message: ServerMessage) => void;
  /** The socket is lost for good; called once, never after `close()`. */
  readonly onLost: () => void;
  /** A newer socket, of somebody else, controls the session: this one stays closed. Called once, never after `close()`. */
  readonly onReplaced: () => void;
}

/** A session's WebSocket: JSON messages both ways, PCM out. A socket that breaks is opened again while the session lives. */
export class ControlSocket {
  readonly #url: URL;
  readonly #events: ControlSocketEvents;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: URL, events: ControlSocketEvents) {
    this.#url = new URL(url);
    this.#url.protocol = url.protocol.replace('http', 'ws');
    this.#events = events;
  }

  /** Opens the socket; rejects when it cannot be opened. */
  async open(): Promise<void> {
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') {
        this.#events.onMessage(JSON.parse(data) as ServerMessage);
      }
    });
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => { resolve(); }, { once: true });
      socket.addEventListener('close', () => { reject(new Error('The control connection was refused.')); }, { once: true });
    });
    this.#attempt = 0;
    socket.addEventListener('close', ({ code }) => {
      if (code === REFUSED) {
        this.#giveUp(this.#events.onLost);
      } else if (code === REPLACED) {
        this.#giveUp(this.#events.onReplaced);
      } else {
        this.#reopen();
      }
    }, { once: true });
  }

  /** Sends a message; false when the socket is not open just now. */
  send(message: ClientMessage): boolean {
    return this.#transmit(JSON.stringify(message));
  }

  /** Sends PCM bytes; false when the socket is not open just now. */
  sendBytes(bytes: Uint8Array<ArrayBuffer>): boolean {
    return this.#transmit(bytes);
  }

  /** Closes the socket for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  #transmit(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.#socket.send(data);
    return true;
  }

  #reopen(): void {
    if (this.#closed) {
      return;
    }
    const delayMs = REOPEN_DELAYS_MS[this.#attempt++];
    if (delayMs === undefined) {
      this.#giveUp(this.#events.onLost);
    } else {
      this.#timer = setTimeout(() => { this.open().catch(() => { this.#reopen(); }); }, delayMs);
    }
  }

  #giveUp(tell: () => void): void {
    if (!this.#closed) {
      this.#closed = true;
      tell();
    }
  }
}
