import type { RTCPeerConnection } from 'werift';

/** What a bad network does to every packet, in both directions. */
export interface PathFaults {
  /** Share of packets that are lost, 0 to 1. */
  readonly loss: number;
  /** Milliseconds each packet takes longer, one way. */
  readonly delayMs: number;
}

/** A path without faults. */
export const CLEAN_PATH: PathFaults = Object.freeze({ loss: 0, delayMs: 0 });

/**
 * A bad network in front of one peer connection: media, reports and their repetitions are lost or late below
 * encryption, so that NACK, retransmission and concealment have to do their work. ICE's own checks are spared
 * unless the path is cut.
 */
export class LossyPath {
  #faults: PathFaults;
  #cut = false;
  readonly #random: () => number;

  /** Puts the path under a connection whose transports exist already. */
  constructor(connection: RTCPeerConnection, faults: PathFaults, random: () => number = Math.random) {
    this.#faults = faults;
    this.#random = random;
    for (const { connection: ice } of connection.iceTransports) {
      // werift has no hook below SRTP, so its two data functions are wrapped here.
      const receive = ice.onData.execute.bind(ice.onData);
      ice.onData.execute = (data: Buffer) => { this.#pass(() => { receive(data); }); };
      const send = ice.send.bind(ice);
      ice.send = (data: Buffer) => {
        this.#pass(() => { send(data).catch(() => { /* A packet that cannot be sent is a lost packet. */ }); });
        return Promise.resolve();
      };
    }
  }

  /** Changes what the path does from now on. */
  set(faults: PathFaults): void {
    this.#faults = faults;
  }

  /** Lets nothing through any more. */
  cut(): void {
    this.#cut = true;
  }

  #pass(deliver: () => void): void {
    const { loss, delayMs } = this.#faults;
    if (this.#cut || this.#random() < loss) {
      return;
    }
    if (delayMs > 0) {
      setTimeout(deliver, delayMs);
    } else {
      deliver();
    }
  }
}
