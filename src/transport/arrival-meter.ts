/** Missing packets from which on a share of loss can be told. */
const LEAST_MISSED = 6;

/** Shortest and longest time over which missing packets are counted, in milliseconds. */
const SHORTEST_MS = 120;
const LONGEST_MS = 1000;

/** How much of what is sent arrives. */
export interface Arrival {
  /** Share of packets lost, 0..1. */
  readonly fractionLost: number;
  /** Bits a second that were sent, and that arrived. */
  readonly sentBps: number;
  readonly arrivedBps: number;
}

/** Counts of one stream since its start. */
export interface SentCounts {
  readonly packets: number;
  readonly bytes: number;
}

/** Measures what arrives of a stream: from the viewer's reports, about each second, and sooner from what it misses. */
export class ArrivalMeter {
  #reported: { readonly atMs: number; readonly sentBytes: number; readonly reachedBytes: number } | undefined;
  #misses: { readonly sinceMs: number; readonly sent: SentCounts; missed: number } | undefined;

  /**
   * Takes a report: `reachedBytes` were sent up to the newest packet that it knows of. Returns undefined for the first one,
   * and where it came too soon after the one before to tell anything.
   */
  reported({ sentBytes, reachedBytes, fractionLost }: { sentBytes: number; reachedBytes: number; fractionLost: number }, nowMs: number): Arrival | undefined {
    const before = this.#reported;
    const passedMs = nowMs - (before?.atMs ?? -Infinity);
    if (passedMs < SHORTEST_MS) {
      return undefined;
    }
    this.#reported = { atMs: nowMs, sentBytes, reachedBytes };
    return before && {
      fractionLost,
      sentBps: ((sentBytes - before.sentBytes) * 8000) / passedMs,
      // A viewer may name an older packet than before.
      arrivedBps: (Math.max(0, reachedBytes - before.reachedBytes) * (1 - fractionLost) * 8000) / passedMs,
    };
  }

  /** Takes how many more packets the viewer misses; returns what that says once they are many within a second. */
  missed(packets: number, sent: SentCounts, nowMs: number): Arrival | undefined {
    if (this.#misses === undefined || nowMs - this.#misses.sinceMs > LONGEST_MS) {
      // These were sent before the time over which is counted from now on.
      this.#misses = { sinceMs: nowMs, sent, missed: 0 };
      return undefined;
    }
    const { sinceMs, sent: before } = this.#misses;
    this.#misses.missed += packets;
    const passedMs = nowMs - sinceMs;
    const sentPackets = sent.packets - before.packets;
    if (passedMs < SHORTEST_MS || this.#misses.missed < LEAST_MISSED || sentPackets === 0) {
      return undefined;
    }
    const fractionLost = Math.min(1, this.#misses.missed / sentPackets);
    this.#misses = undefined;
    const sentBps = ((sent.bytes - before.bytes) * 8000) / passedMs;
    return { fractionLost, sentBps, arrivedBps: sentBps * (1 - fractionLost) };
  }
}
