import type { RTCDtlsTransport } from 'werift';

/** Says whether a viewer is still heard, whatever it says: ICE checks and their answers, reports, sound. */
export class ViewerPresence {
  readonly #transports: readonly RTCDtlsTransport[];
  #heard = 0;
  #lastHeardMs: number;

  constructor(transports: readonly RTCDtlsTransport[], nowMs: number) {
    this.#transports = transports;
    this.#lastHeardMs = nowMs;
  }

  /** Starts the count anew, for a viewer that restarts ICE. */
  excuse(nowMs: number): void {
    this.#lastHeardMs = nowMs;
  }

  /** Milliseconds since something was heard, as far as calls of this function can tell. */
  silentMs(nowMs: number): number {
    const heard = this.#transports.reduce((sum, { packetsReceived, iceTransport }) => {
      const pair = iceTransport.connection.nominated;
      return sum + packetsReceived + (pair?.requestsReceived ?? 0) + (pair?.responsesReceived ?? 0);
    }, 0);
    if (heard !== this.#heard) {
      this.#heard = heard;
      this.#lastHeardMs = nowMs;
    }
    return nowMs - this.#lastHeardMs;
  }
}
