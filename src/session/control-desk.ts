import { pcm16ToFloat } from '../audio/pcm16.ts';
import { AvatarError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import type { ControlChannel } from '../transport/control-channel.ts';
import type { ClientMessage, ServerMessage } from '../transport/messages.ts';

/** What a client may ask, apart from pushed sound. */
export type Command = Exclude<ClientMessage, { type: 'audio.append' }>;

/** Who acts on what a client says. Both may throw an AvatarError: the client is told, and the session goes on. */
export interface DeskHandlers {
  onCommand(command: Command): void;
  /** Pushed sound, samples in −1..1. */
  onPcm(samples: Float32Array): void;
  /** Anything else that was thrown. */
  onFault(error: unknown): void;
}

/** A session's end of its WebSocket: one at a time, the newest, and none at all is fine. */
export class ControlDesk implements Closeable {
  readonly #handlers: DeskHandlers;
  #channel: ControlChannel | undefined;

  constructor(handlers: DeskHandlers) {
    this.#handlers = handlers;
  }

  /** Takes a WebSocket, in place of one that may be dead without knowing it yet. */
  attach(channel: ControlChannel): void {
    const older = this.#channel;
    this.#channel = channel;
    // It takes up to a second to go; nobody needs to wait for that.
    void older?.replaced();
    channel.events.on('message', (message) => {
      this.#act(() => {
        if (message.type === 'audio.append') {
          this.#handlers.onPcm(pcm16ToFloat(Buffer.from(message.data, 'base64')));
        } else {
          this.#handlers.onCommand(message);
        }
      }, 'id' in message ? message.id : undefined);
    });
    channel.events.on('pcm', (bytes) => { this.#act(() => { this.#handlers.onPcm(pcm16ToFloat(bytes)); }); });
    channel.events.on('closed', () => {
      if (this.#channel === channel) {
        this.#channel = undefined;
      }
    });
  }

  /** Tells the client, when there is one. */
  tell(message: ServerMessage): void {
    this.#channel?.send(message);
  }

  /** Closes the WebSocket after what was told. */
  async close(): Promise<void> {
    await this.#channel?.close();
  }

  /** Does what the client asks, and tells it what it can act on; the id is the one it gave the utterance. */
  #act(act: () => void, id?: string): void {
    try {
      act();
    } catch (error) {
      if (error instanceof AvatarError) {
        this.tell({ type: 'error', code: error.code, message: error.message, ...(id === undefined ? {} : { id }) });
      } else {
        this.#handlers.onFault(error);
      }
    }
  }
}
