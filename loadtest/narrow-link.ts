/** Sound and picture that may stand in the queue before a narrow link; the packet that finds it full is dropped. A home router's: 0.3 s. */
const QUEUE_MS = 300;

/** Bytes of UDP and IPv4 headers per packet. */
const HEADER_BYTES = 28;

/** A link that passes so many bits a second, with a bounded queue before it: packets wait, then overflow. */
export class NarrowLink {
  readonly #bitsPerMs: number;
  /** When everything taken so far has passed. */
  #freeMs = -Infinity;

  constructor(kbps: number) {
    if (!(kbps > 0)) {
      throw new TypeError(`A link's kilobits a second are over 0, not ${kbps}.`);
    }
    this.#bitsPerMs = kbps;
  }

  /** Takes a packet; returns when it has passed, undefined when it is dropped. */
  passes(payloadBytes: number, nowMs: number): number | undefined {
    const startMs = Math.max(nowMs, this.#freeMs);
    if (startMs - nowMs > QUEUE_MS) {
      return undefined;
    }
    this.#freeMs = startMs + ((payloadBytes + HEADER_BYTES) * 8) / this.#bitsPerMs;
    return this.#freeMs;
  }
}
