import type { RawData, WebSocket } from 'ws';
import { Emitter } from '../base/emitter.ts';
import { AvatarError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import type { Logger } from '../base/logger.ts';
import type { Closeable } from '../base/scope.ts';
import { PCM_RATE_HZ, clientMessageSchema } from './messages.ts';
import type { ClientMessage, ServerMessage } from './messages.ts';
import { TokenBucket } from './token-bucket.ts';

/** Largest WebSocket message taken, in bytes: 10 s of sound at 48 kHz. The WebSocket server must be told. */
export const MAX_MESSAGE_BYTES = 1_048_576;

/** What arrives on a session's WebSocket. */
export interface ControlChannelEvents {
  /** A message that fits the schema. */
  message: ClientMessage;
  /** A binary message: s16le mono samples, an even number of bytes, over a buffer that is the listener's to keep. */
  pcm: Uint8Array;
  /** Nothing more comes; once. */
  closed: { readonly reason: string };
}

/** How a control channel treats its WebSocket. */
export interface ControlChannelOptions {
  /** Default: keeps nothing. */
  readonly logger?: Logger;
  /** Time between pings, in milliseconds; a WebSocket that answers none until the next one is dead. Default: 15000. */
  readonly pingIntervalMs?: number;
  /** Bytes a second that are read on average; more are left waiting at the sender. Default: 2,000,000. */
  readonly bytesPerSecond?: number;
  /** Messages a second that are read on average; more are left waiting at the sender. Default: 200. */
  readonly messagesPerSecond?: number;
  /** Unread bytes of our own messages after which the client counts as too slow and is closed. Default: 1,048,576. */
  readonly mostUnreadBytes?: number;
}

const DEFAULTS = Object.freeze({
  logger: silentLogger, pingIntervalMs: 15_000, bytesPerSecond: 2_000_000, messagesPerSecond: 200, mostUnreadBytes: 1_048_576,
});

/** Seconds of the average rate that may come at once. */
const BURST_S = 4;

/** Wrong messages after which the channel is closed. */
const MOST_WRONG_MESSAGES = 100;

/** Most characters of what is said to be wrong in a message: it may name every field that came. */
const MOST_WRONG_CHARS = 300;

/** Names, texts, objects and lists in a message; those that fit have 9 at most. Reading hundreds of thousands would hold up all sessions for as many microseconds. */
const MOST_TOKENS = 64;

/** Characters of JSON: quote, backslash, bracket and brace. */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** How long a closing WebSocket may take to say goodbye. */
const GOODBYE_MS = 1000;

/** WebSocket close codes (RFC 6455; 4000 and above are a server's own). */
const CLOSE_CODE = Object.freeze({ normal: 1000, policy: 1008, replaced: 4001 });

/**
 * One session's WebSocket: checked JSON messages and PCM in, JSON messages out. A wrong message is answered with
 * an `error` message and changes nothing; whoever sends too fast is read more slowly, whoever reads too slowly is closed.
 */
export class ControlChannel implements Closeable, AsyncDisposable {
  readonly events: Emitter<ControlChannelEvents>;
  readonly #socket: WebSocket;
  readonly #options: Required<ControlChannelOptions>;
  readonly #bytes: TokenBucket;
  readonly #messages: TokenBucket;
  readonly #pings: NodeJS.Timeout;
  #resume: NodeJS.Timeout | undefined;
  #answeredPing = true;
  #wrongMessages = 0;
  #reason: string | undefined;
  #closing: Promise<void> | undefined;

  /** Takes over an open WebSocket. */
  constructor(socket: WebSocket, options: ControlChannelOptions = {}) {
    this.#socket = socket;
    this.#options = { ...DEFAULTS, ...options };
    const { logger, bytesPerSecond, messagesPerSecond, pingIntervalMs } = this.#options;
    this.events = new Emitter((error) => { logger.error({ err: error }, 'a listener of a control channel failed'); });
    const nowMs = performance.now();
    this.#bytes = new TokenBucket({ capacity: bytesPerSecond * BURST_S, perSecond: bytesPerSecond, nowMs });
    this.#messages = new TokenBucket({ capacity: messagesPerSecond * BURST_S, perSecond: messagesPerSecond, nowMs });
    socket.on('message', (data, isBinary) => { this.#onMessage(data, isBinary); });
    socket.on('pong', () => { this.#answeredPing = true; });
    socket.on('error', (error) => { logger.info({ err: error }, 'a control WebSocket failed'); });
    socket.once('close', (code) => { this.#onClose(code); });
    this.#pings = setInterval(() => { this.#ping(); }, pingIntervalMs);
  }

  /** Sends a message; false when the WebSocket is closed or its client too slow. */
  send(message: ServerMessage): boolean {
    if (this.#closing !== undefined || this.#socket.readyState !== this.#socket.OPEN) {
      return false;
    }
    if (this.#socket.bufferedAmount > this.#options.mostUnreadBytes) {
      void this.#close(CLOSE_CODE.policy, 'too_slow');
      return false;
    }
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Closes the WebSocket, after what was sent before; cuts it when the client does not answer within a second. */
  close(): Promise<void> {
    return this.#close(CLOSE_CODE.normal, 'closed');
  }

  /** Closes the WebSocket as one whose place a newer one has taken. */
  replaced(): Promise<void> {
    return this.#close(CLOSE_CODE.replaced, 'replaced');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#closing !== undefined) {
      return;
    }
    const bytes = toBuffer(data);
    this.#slowDown(bytes.length);
    try {
      if (isBinary) {
        checkPcm(bytes.length);
        this.events.emit('pcm', bytes);
      } else {
        this.events.emit('message', readMessage(bytes));
      }
    } catch (error) {
      this.#answer(error);
    }
  }

  #answer(error: unknown): void {
    if (!(error instanceof AvatarError)) {
      throw error;
    }
    this.#wrongMessages += 1;
    this.send({ type: 'error', code: error.code, message: error.message });
    if (this.#wrongMessages >= MOST_WRONG_MESSAGES) {
      void this.#close(CLOSE_CODE.policy, 'too_many_errors');
    }
  }

  /** Leaves further messages in the network until the average rates hold again. */
  #slowDown(bytes: number): void {
    const nowMs = performance.now();
    const waitMs = Math.max(this.#bytes.spend(bytes, nowMs), this.#messages.spend(1, nowMs));
    if (waitMs > 0) {
      this.#socket.pause();
      clearTimeout(this.#resume);
      this.#resume = setTimeout(() => { this.#socket.resume(); }, waitMs);
    }
  }

  #ping(): void {
    // A paused WebSocket does not hear the pong either.
    if (!this.#answeredPing && !this.#socket.isPaused) {
      this.#reason ??= 'no_answer';
      this.#socket.terminate();
      return;
    }
    this.#answeredPing = false;
    this.#socket.ping();
  }

  #close(code: number, reason: string): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#reason ??= reason;
      if (this.#socket.readyState === this.#socket.CLOSED) {
        resolve();
        return;
      }
      const cut = setTimeout(() => { this.#socket.terminate(); }, GOODBYE_MS);
      this.#socket.once('close', () => {
        clearTimeout(cut);
        resolve();
      });
      this.#socket.resume();
      this.#socket.close(code, reason);
    });
    return this.#closing;
  }

  #onClose(code: number): void {
    clearInterval(this.#pings);
    clearTimeout(this.#resume);
    this.#closing ??= Promise.resolve();
    this.events.emit('closed', { reason: this.#reason ?? `left_${code}` });
    this.events.clear();
  }
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) {
    return Buffer.concat(data);
  }
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function readMessage(bytes: Buffer): ClientMessage {
  if (hasTooMany(bytes)) {
    throw new AvatarError('invalid_message', 'The message has far more in it than any that is known. See the table of messages.');
  }
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new AvatarError('invalid_message', 'A text message must be JSON, for example {"type":"interrupt"}.', { cause });
  }
  const parsed = clientMessageSchema.safeParse(json);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');
    throw new AvatarError('invalid_message', `The message does not fit: ${wrong.slice(0, MOST_WRONG_CHARS)}. See the table of messages.`);
  }
  const message = parsed.data;
  if (message.type === 'audio.start' && (message.rateHz < PCM_RATE_HZ.min || message.rateHz > PCM_RATE_HZ.max)) {
    throw new AvatarError('invalid_rate', `rateHz is ${PCM_RATE_HZ.min} to ${PCM_RATE_HZ.max}, not ${message.rateHz}. Resample, or declare the rate that the samples have.`);
  }
  if (message.type === 'audio.append') {
    checkPcm(Buffer.byteLength(message.data, 'base64'));
  }
  return message;
}

/** Says whether JSON holds more than any message, without reading it: what is within a text does not count. */
function hasTooMany(bytes: Buffer): boolean {
  let tokens = 0;
  let isText = false;
  for (let at = 0; at < bytes.length && tokens <= MOST_TOKENS; at++) {
    const character = bytes[at];
    if (isText && character === BACKSLASH) {
      at += 1;
    } else if (character === QUOTE) {
      tokens += Number(!isText);
      isText = !isText;
    } else if (!isText && (character === BRACE || character === BRACKET)) {
      tokens += 1;
    }
  }
  return tokens > MOST_TOKENS;
}

function checkPcm(bytes: number): void {
  if (bytes % 2 !== 0) {
    throw new AvatarError('odd_byte_count', `PCM is s16le, two bytes a sample; ${bytes} bytes came. Send whole samples.`);
  }
}
