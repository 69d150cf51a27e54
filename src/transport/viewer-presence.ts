import type { RTCDtlsTransport } from 'werift';

/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 2000;

type Pair = NonNullable<RTCDtlsTransport['iceTransport']['connection']['nominated']>;
type BuildRequest = (options: {
  nominate: boolean; localUsername: string; remoteUsername: string; iceControlling: boolean; localCandidate: Pair['localCandidate'];
}) => Parameters<Pair['protocol']['request']>[0];

/** Says whether a viewer is still heard, whatever it says: ICE checks and their answers, reports, sound. */
export class ViewerPresence {
  readonly #transports: readonly RTCDtlsTransport[];
  /** Answers to `ask`. */
  #answers = 0;
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
    const heard = this.#answers + this.#transports.reduce((sum, { packetsReceived, iceTransport }) => {
      const pair = iceTransport.connection.nominated;
      return sum + packetsReceived + (pair?.requestsReceived ?? 0) + (pair?.responsesReceived ?? 0);
    }, 0);
    if (heard !== this.#heard) {
      this.#heard = heard;
      this.#lastHeardMs = nowMs;
    }
    return nowMs - this.#lastHeardMs;
  }

  /** Asks a viewer that fell silent for a sign of life: whoever speaks ICE answers a check at once. */
  ask(): void {
    for (const { iceTransport: { connection } } of this.#transports) {
      const pair = connection.nominated;
      if (pair === undefined) {
        continue;
      }
      const { localUsername, remoteUsername, remotePassword, iceControlling } = connection;
      // werift's own checks come every 4 to 6 seconds: too seldom to tell a lost packet from a lost viewer.
      const buildRequest = Reflect.get(connection, 'buildRequest') as BuildRequest;
      const request = buildRequest.call(connection, { nominate: false, localUsername, remoteUsername, iceControlling, localCandidate: pair.localCandidate });
      pair.protocol.request(request, pair.remoteAddr, Buffer.from(remotePassword, 'utf8'), { retransmissions: 0, responseTimeout: ANSWER_MS })
        .then(() => { this.#answers += 1; }, () => undefined);
    }
  }
}
