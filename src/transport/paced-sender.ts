/** Packets sent in one go. */
const BURST_PACKETS = 10;

/** Milliseconds between bursts. */
const BURST_GAP_MS = 2;

/**
 * Spreads large pictures over a few milliseconds: up to 10 packets at once, then 10 more every 2 ms.
 * What is still waiting when the next picture comes goes out before it, so no more than one picture ever waits.
 */
export class PacedSender {
  #count = 0;
  #next = 0;
  #sendPacket: (index: number) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Sends packets 0 to `count − 1`, in order. */
  send(count: number, sendPacket: (index: number) => void): void {
    this.#sendUntil(this.#count);
    this.#count = count;
    this.#next = 0;
    this.#sendPacket = sendPacket;
    this.#burst();
  }

  /** Forgets what is waiting. */
  close(): void {
    this.#count = 0;
    clearTimeout(this.#timer);
  }

  #burst(): void {
    this.#sendUntil(this.#next + BURST_PACKETS);
    if (this.#next < this.#count) {
      this.#timer = setTimeout(() => { this.#burst(); }, BURST_GAP_MS);
    }
  }

  #sendUntil(end: number): void {
    clearTimeout(this.#timer);
    for (; this.#next < Math.min(end, this.#count); this.#next++) {
      this.#sendPacket(this.#next);
    }
  }
}
