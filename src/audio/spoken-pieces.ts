import type { EspeakThread } from './espeak-thread.ts';
import type { SpeechJob } from './speech-job.ts';

/** A piece of text for one voice. */
export interface SpokenPiece {
  readonly text: string;
  /** eSpeak's own name of the voice. */
  readonly voice: string;
}

/** One text's pieces being spoken in order: the next piece is asked for only when little of the last one is unread. */
export class SpokenPieces {
  readonly #pieces: readonly SpokenPiece[];
  readonly #thread: EspeakThread;
  readonly #aheadSamples: number;
  #asked = 0;
  #current: SpeechJob | undefined;
  #following: SpeechJob | undefined;
  #cancelled: Error | undefined;

  constructor(pieces: readonly SpokenPiece[], { thread, aheadSamples }: { thread: EspeakThread; aheadSamples: number }) {
    this.#pieces = pieces;
    this.#thread = thread;
    this.#aheadSamples = aheadSamples;
  }

  /** Waits for the next sound; undefined at the end. Throws what `SpeechJob.next` throws. */
  async next(): Promise<Float32Array | undefined> {
    this.#current ??= this.#ask();
    while (this.#current !== undefined) {
      const job = this.#current;
      const samples = await job.next();
      if (job.done && job.waitingSamples < this.#aheadSamples) {
        this.#following ??= this.#ask();
      }
      if (samples !== undefined) {
        return samples;
      }
      this.#current = this.#following;
      this.#following = undefined;
    }
    return undefined;
  }

  /** Stops the work on all pieces; a waiting reader gets the reason thrown. */
  cancel(reason: unknown): void {
    this.#cancelled ??= reason instanceof Error ? reason : new DOMException('The speech was cancelled.', 'AbortError');
    this.#current?.cancel(this.#cancelled);
    this.#following?.cancel(this.#cancelled);
  }

  #ask(): SpeechJob | undefined {
    const piece = this.#pieces[this.#asked];
    if (piece === undefined || this.#cancelled !== undefined) {
      return undefined;
    }
    this.#asked += 1;
    return this.#thread.speak(piece.text, piece.voice);
  }
}
