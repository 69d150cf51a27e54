import type { FaceState } from '../motion/face-state.ts';
import type { ServerMessage, SessionMode } from '../transport/messages.ts';
import type { SpeechLine } from './speech-line.ts';
import type { LinkFigures } from './viewer-link.ts';

/** What an announcer is made of. */
export interface AnnouncerParts {
  /** Passes a message to the client, if there is one. */
  readonly tell: (message: ServerMessage) => void;
  /** Whose utterances are told. */
  readonly speech: SpeechLine;
}

/** Tells a session's client what happens in it: what it does, its speech, the viewer's voice, figures, faults and the end. */
export class Announcer {
  readonly #parts: AnnouncerParts;
  #toldFrames = 0;
  #speechToFrameMs: number | null = null;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
    this.#follow(parts.speech);
  }

  /** How long the last utterance that waited for nothing but the pipeline took to be heard and seen; null before the first. */
  get speechToFrameMs(): number | null {
    return this.#speechToFrameMs;
  }

  /** Tells what the session is doing; one that waits for its viewer is idle to the client. */
  state(state: FaceState | 'waiting', mode: SessionMode): void {
    this.#parts.tell({ type: 'session.state', state: state === 'waiting' ? 'idle' : state, mode });
  }

  /** Tells the figures; call it once a second, as the frames since the last call are told as the rate. */
  figures({ framesSent, videoBitrateBps }: LinkFigures): void {
    this.#parts.tell({
      type: 'stats', framesPerSecond: framesSent - this.#toldFrames, speechToFrameMs: this.#speechToFrameMs,
      bitrateBps: videoBitrateBps, queuedMs: Math.round(this.#parts.speech.queuedMs),
    });
    this.#toldFrames = framesSent;
  }

  /** Tells that the viewer starts or stops speaking. */
  voice(speaks: boolean): void {
    this.#parts.tell({ type: speaks ? 'vad.started' : 'vad.ended' });
  }

  /** Tells that the session itself broke; its end follows. */
  failed(): void {
    this.#parts.tell({ type: 'error', code: 'session_failed', message: 'A stage of the session failed. Create a new session.' });
  }

  /** Tells why the session is over. */
  ended(reason: string): void {
    this.#parts.tell({ type: 'session.ended', reason });
  }

  #follow({ events }: SpeechLine): void {
    const { tell } = this.#parts;
    events.on('started', ({ id, waitedMs, fresh }) => {
      this.#speechToFrameMs = fresh ? Math.round(waitedMs) : this.#speechToFrameMs;
      tell({ type: 'speech.started', id });
    });
    events.on('ended', (ended) => { tell({ type: 'speech.ended', ...ended }); });
    events.on('window', (window) => { tell({ type: 'speech.window', ...window }); });
    events.on('failed', ({ id, error }) => { tell({ type: 'error', code: error.code, message: error.message, id }); });
  }
}
