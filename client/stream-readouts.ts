import type { OratorClient } from './orator-client.ts';
import type { StreamReading } from './stream-statistics.ts';

/** How often the readouts change. */
const INTERVAL_MS = 1000;

/** Follows a session's frame rate and latency. */
export class StreamReadouts {
  readonly #onReading: (framesPerSecond: number | null, latencyMs: number | null) => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(onReading: (framesPerSecond: number | null, latencyMs: number | null) => void) {
    this.#onReading = onReading;
  }

  /** Starts following a session; another one is left. */
  follow(client: OratorClient): void {
    this.stop();
    // The server measures only while it speaks: the last figure stands.
    let serverMs: number | null = null;
    client.on('stats', ({ speechToFrameMs }) => { serverMs = speechToFrameMs ?? serverMs; });
    this.#timer = setInterval(() => {
      // A connection that closes under the question has no answer, and the next state is shown by whoever closed it.
      client.readStatistics().then((reading) => { this.#tell(reading, serverMs); }, () => undefined);
    }, INTERVAL_MS);
  }

  /** Stops following. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tell(reading: StreamReading | null, serverMs: number | null): void {
    if (reading !== null && this.#timer !== undefined) {
      this.#onReading(reading.framesPerSecond, serverMs === null ? null : voiceToGlassMs(reading, serverMs));
    }
  }
}

/** Time from sound reaching the server to its picture being ready on this screen: server, half a round trip, buffer and decoder. */
function voiceToGlassMs(reading: StreamReading, serverMs: number): number {
  return serverMs + (reading.roundTripMs ?? 0) / 2 + reading.receiveMs;
}
