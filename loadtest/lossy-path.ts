import type { RTCPeerConnection } from 'werift';
import { DelayLine } from './delay-line.ts';
import { NarrowLink } from './narrow-link.ts';

/** What a bad network does to packets. */
export interface PathFaults {
  /** Share of packets that are lost in each direction, 0 to 1. */
  readonly loss: number;
  /** Milliseconds each packet takes longer, one way. */
  readonly delayMs: number;
  /** Up to how many milliseconds more each packet takes, one way, by chance; their order stays. */
  readonly jitterMs: number;
  /** Kilobits a second that the viewer can receive, headers included; null for any number. */
  readonly bandwidthKbps: number | null;
}

/** A path without faults. */
export const CLEAN_PATH: PathFaults = Object.freeze({ loss: 0, delayMs: 0, jitterMs: 0, bandwidthKbps: null });

/**
 * A bad network in front of one peer connection: media, reports and their repetitions are lost, late or held up below
 * encryption, so that NACK, retransmission, concealment and rate control have to do their work. ICE's own checks are spared
 * unless the path is cut.
 */
export class LossyPath {
  #faults: PathFaults = CLEAN_PATH;
  #narrow: NarrowLink | undefined;
  #cut = false;
  readonly #random: () => number;

  /** Puts the path under a connection whose transports exist already. */
  constructor(connection: RTCPeerConnection, faults: PathFaults, random: () => number = Math.random) {
    this.#random = random;
    this.set(faults);
    for (const { connection: ice } of connection.iceTransports) {
      const [inbound, outbound] = [new DelayLine(), new DelayLine()];
      // werift has no hook below SRTP, so its two data functions are wrapped here.
      const receive = ice.onData.execute.bind(ice.onData);
      ice.onData.execute = (data: Buffer) => { this.#pass(inbound, () => { receive(data); }, data.length); };
      const send = ice.send.bind(ice);
      ice.send = (data: Buffer) => {
        this.#pass(outbound, () => { send(data).catch(() => { /* A packet that cannot be sent is a lost packet. */ }); });
        return Promise.resolve();
      };
    }
  }

  /** Changes what the path does from now on. */
  set(faults: PathFaults): void {
    this.#faults = faults;
    this.#narrow = faults.bandwidthKbps === null ? undefined : new NarrowLink(faults.bandwidthKbps);
  }

  /** Lets nothing through any more. */
  cut(): void {
    this.#cut = true;
  }

  /** `receivedBytes` for what goes to the viewer: only that is held up by a narrow link. */
  #pass(line: DelayLine, deliver: () => void, receivedBytes?: number): void {
    const { loss, delayMs, jitterMs } = this.#faults;
    const nowMs = performance.now();
    const passedMs = receivedBytes === undefined || this.#narrow === undefined ? nowMs : this.#narrow.passes(receivedBytes, nowMs);
    if (this.#cut || passedMs === undefined || this.#random() < loss) {
      return;
    }
    line.push(passedMs + delayMs + jitterMs * this.#random(), () => {
      if (!this.#cut) {
        deliver();
      }
    });
  }
}
