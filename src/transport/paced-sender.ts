/** How much faster than the picture's bitrate packets may leave: a key frame shall not take long. */
const PACE_FACTOR = 2.5;

/** Bytes that leave at once: a small picture. */
const BURST_BYTES = 4800;

/** Pause after the bitrate fell, in milliseconds: the queue before a narrow link is full then, and drops what comes. */
const PAUSE_MS = 100;

/** Longest time that a packet waits, in milliseconds; then it leaves, and all before it. */
const LONGEST_WAIT_MS = 200;

interface WaitingPacket {
  readonly bytes: number;
  /** `performance.now()`. */
  readonly sinceMs: number;
  send(): void;
}

/**
 * Spreads large pictures over some milliseconds, at two and a half times the picture's bitrate after a first burst: a key frame
 * that leaves in one go overflows the queue before a narrow link. No packet waits longer than 200 ms; none waits before
 * a bitrate is told.
 */
export class PacedSender {
  readonly #now: () => number;
  readonly #waiting: WaitingPacket[] = [];
  #bytesPerMs = Infinity;
  /** When all that left would have left at the even pace. */
  #paidMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** `now` gives the time in milliseconds. Default: `performance.now`. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Takes over the picture's bitrate from the next packet on; a lower one after a pause. */
  setBitrate(bitrateBps: number): void {
    if (this.#bytesPerMs < Infinity && bytesPerMs(bitrateBps) < this.#bytesPerMs) {
      this.#paidMs = Math.max(this.#paidMs, this.#now() + PAUSE_MS);
    }
    this.#bytesPerMs = bytesPerMs(bitrateBps);
  }

  /** Sends a packet of so many bytes after those before it. */
  push(bytes: number, send: () => void): void {
    this.#waiting.push({ bytes, sinceMs: this.#now(), send });
    if (this.#timer === undefined) {
      this.#run();
    }
  }

  /** Forgets what is waiting. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #run(): void {
    this.#timer = undefined;
    const nowMs = this.#now();
    this.#paidMs = Math.max(this.#paidMs, nowMs - BURST_BYTES / this.#bytesPerMs);
    for (let next = this.#waiting[0]; next !== undefined && (this.#paidMs <= nowMs || nowMs - next.sinceMs > LONGEST_WAIT_MS); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#paidMs += next.bytes / this.#bytesPerMs;
      next.send();
    }
    const [next] = this.#waiting;
    if (next !== undefined) {
      const wakeMs = Math.min(this.#paidMs, next.sinceMs + LONGEST_WAIT_MS);
      this.#timer = setTimeout(() => { this.#run(); }, Math.max(1, wakeMs - nowMs));
    }
  }
}

function bytesPerMs(bitrateBps: number): number {
  return (bitrateBps * PACE_FACTOR) / 8000;
}
