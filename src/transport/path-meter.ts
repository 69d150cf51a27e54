import { ARRIVAL_TICK_MS } from './transport-feedback.ts';
import type { TransportFeedback } from './transport-feedback.ts';

/** What a viewer's feedback says of the path to it. */
export interface PathReading {
  /** Least time that the packets that came last waited in queues on the path, in milliseconds. */
  readonly queueMs: number;
  /** How long a packet sent now would wait if the path took no more than arrives, in milliseconds. */
  readonly backlogMs: number;
  /** Bits of payload a second that those packets were sent with, and that they arrived with. */
  readonly sentBps: number;
  readonly arrivedBps: number;
  /** Bits of payload a second with which packets that left together arrived; undefined where there were none of late. */
  readonly capacityBps: number | undefined;
  /** Share of packets lost of late, 0..1. */
  readonly fractionLost: number;
  /** From the sending of the newest packet that arrived to its feedback, in milliseconds. */
  readonly responseMs: number;
}

/** Sent packets that feedback may tell of; a power of two, so that their numbers wrap evenly. About 10 s of picture. */
const SENT_PACKETS = 2048;

/** Arrivals that are kept for measuring; a power of two. */
const ARRIVALS = 256;

/** Over how much of the latest arrivals queueing and rates are measured, in milliseconds, and over how many packets at least. */
const QUEUE_WINDOW_MS = 100;
const QUEUE_PACKETS = 3;
const RATE_WINDOW_MS = 200;
const RATE_PACKETS = 5;

/** How close on each other packets leave together, in milliseconds; least bytes of the second; what is left of a pair with the next one. */
const TOGETHER_MS = 2;
const PAIR_BYTES = 300;
const PAIR_MEMORY = 0.8;

/** Bytes of pairs, as remembered, from which on they tell a capacity, and how long they do, in milliseconds. */
const LEAST_PAIRED_BYTES = 1500;
const PAIRS_LAST_MS = 3000;

/** Longest time that is believed a packet takes to pass a link that nothing queues before, in milliseconds. */
const LONGEST_PASSING_MS = 40;

/** Weight of a packet in the share of losses. */
const LOSS_WEIGHT = 1 / 40;

/** Half of what counts as late for the shortest way: clocks drift, and paths change. */
const SHORTEST_MS = 3000;

/** What is known of a sent packet. */
const UNKNOWN = 0;
const LOST = 1;
const ARRIVED = 2;

/**
 * Measures the path to a viewer from what it says about single packets: how long they wait in queues, how much arrives, what is
 * lost. A viewer that was held up takes many packets at once; the last of them tells that nothing queued, so the least wait
 * counts. One allocation a feedback, none a packet.
 */
export class PathMeter {
  readonly #sentMs = new Float64Array(SENT_PACKETS);
  readonly #bytesUntil = new Float64Array(SENT_PACKETS);
  readonly #bytes = new Uint16Array(SENT_PACKETS);
  readonly #states = new Uint8Array(SENT_PACKETS);
  #sent = 0;
  #sentBytes = 0;
  /** Of arrivals: index of the packet, when it arrived on the viewer's clock, and how much later than sent. */
  readonly #packets = new Float64Array(ARRIVALS);
  readonly #arrivedMs = new Float64Array(ARRIVALS);
  readonly #delayMs = new Float64Array(ARRIVALS);
  #arrivals = 0;
  #clock: { ticks: number; ms: number } | undefined;
  /** Shortest delays in this stretch of time, and in the one before. */
  readonly #shortest = { sinceMs: -Infinity, nowMs: Infinity, beforeMs: Infinity };
  #fractionLost = 0;
  /** Packets that left together with the one before: their bytes, how much later they came, and when the last did. */
  readonly #pairs = { bytes: 0, gapsMs: 0, heardMs: -Infinity };

  /** Takes note of a packet that is sent now; returns its transport-wide number. */
  sending(bytes: number, nowMs: number): number {
    const slot = this.#sent % SENT_PACKETS;
    const number = this.#sent & 0xffff;
    this.#sent += 1;
    this.#sentBytes += bytes;
    this.#sentMs[slot] = nowMs;
    this.#bytes[slot] = bytes;
    this.#bytesUntil[slot] = this.#sentBytes;
    this.#states[slot] = UNKNOWN;
    return number;
  }

  /** Takes a feedback; returns what it says, undefined where that is too little. */
  heard(feedback: TransportFeedback, nowMs: number): PathReading | undefined {
    const before = this.#arrivals;
    for (let index = 0; index < feedback.count; index++) {
      const packet = this.#packetOf(feedback.firstNumber + index);
      if (packet !== undefined) {
        this.#note(packet, feedback.arrived(index) ? feedback.arrivalTicks(index) : undefined, nowMs);
      }
    }
    return this.#arrivals === before || this.#arrivals < RATE_PACKETS ? undefined : this.#read(nowMs);
  }

  /** The index of a packet by its number; undefined for one that was not sent of late. */
  #packetOf(number: number): number | undefined {
    const packet = this.#sent - 1 - ((this.#sent - 1 - number) & 0xffff);
    return packet >= 0 && this.#sent - packet <= SENT_PACKETS ? packet : undefined;
  }

  #note(packet: number, ticks: number | undefined, nowMs: number): void {
    const slot = packet % SENT_PACKETS;
    const state = this.#states[slot]!;
    if (ticks === undefined) {
      if (state === UNKNOWN) {
        this.#states[slot] = LOST;
        this.#fractionLost += LOSS_WEIGHT * (1 - this.#fractionLost);
      }
      return;
    }
    if (state === ARRIVED) {
      return;
    }
    this.#states[slot] = ARRIVED;
    this.#fractionLost -= LOSS_WEIGHT * this.#fractionLost;
    this.#clock ??= { ticks, ms: 0 };
    const arrivedMs = this.#clock.ms + ((ticks - this.#clock.ticks) | 0) * ARRIVAL_TICK_MS;
    this.#clock.ticks = ticks;
    this.#clock.ms = arrivedMs;
    const delayMs = arrivedMs - this.#sentMs[slot]!;
    this.#notePair(packet, delayMs, nowMs);
    const at = this.#arrivals % ARRIVALS;
    this.#arrivals += 1;
    this.#packets[at] = packet;
    this.#arrivedMs[at] = arrivedMs;
    this.#delayMs[at] = delayMs;
    if (nowMs - this.#shortest.sinceMs > SHORTEST_MS) {
      this.#shortest.beforeMs = this.#shortest.nowMs;
      this.#shortest.nowMs = Infinity;
      this.#shortest.sinceMs = nowMs;
    }
    this.#shortest.nowMs = Math.min(this.#shortest.nowMs, delayMs);
  }

  #notePair(packet: number, delayMs: number, nowMs: number): void {
    const before = (this.#arrivals + ARRIVALS - 1) % ARRIVALS;
    if (this.#arrivals === 0 || this.#packets[before] !== packet - 1) {
      return;
    }
    const bytes = this.#bytes[packet % SENT_PACKETS]!;
    const sentGapMs = this.#sentMs[packet % SENT_PACKETS]! - this.#sentMs[(packet - 1) % SENT_PACKETS]!;
    if (sentGapMs < TOGETHER_MS && bytes >= PAIR_BYTES) {
      this.#pairs.bytes = this.#pairs.bytes * PAIR_MEMORY + bytes;
      this.#pairs.gapsMs = this.#pairs.gapsMs * PAIR_MEMORY + Math.max(0, delayMs - this.#delayMs[before]! + sentGapMs);
      this.#pairs.heardMs = nowMs;
    }
  }

  #capacityBps(nowMs: number): number | undefined {
    const { bytes, gapsMs, heardMs } = this.#pairs;
    return bytes < LEAST_PAIRED_BYTES || nowMs - heardMs > PAIRS_LAST_MS ? undefined : rateBps(bytes, gapsMs);
  }

  #read(nowMs: number): PathReading {
    const newest = (this.#arrivals - 1) % ARRIVALS;
    const newestMs = this.#arrivedMs[newest]!;
    const kept = Math.min(this.#arrivals, ARRIVALS);
    const capacityBps = this.#capacityBps(nowMs);
    let leastMs = Infinity;
    let bytes = 0;
    let oldest = newest;
    for (let back = 0; back < kept; back++) {
      const at = (this.#arrivals - 1 - back) % ARRIVALS;
      const ageMs = newestMs - this.#arrivedMs[at]!;
      if (back >= RATE_PACKETS && ageMs > RATE_WINDOW_MS) {
        break;
      }
      if (back < QUEUE_PACKETS || ageMs <= QUEUE_WINDOW_MS) {
        const passingMs = Math.min(LONGEST_PASSING_MS, (this.#bytes[this.#packets[at]! % SENT_PACKETS]! * 8000) / (capacityBps ?? Infinity));
        leastMs = Math.min(leastMs, this.#delayMs[at]! - passingMs);
      }
      // What came with or after the oldest one's end was sent, and arrived, since then.
      bytes += back === 0 ? 0 : this.#bytes[this.#packets[(at + 1) % ARRIVALS]! % SENT_PACKETS]!;
      oldest = at;
    }
    const shortestMs = Math.min(this.#shortest.nowMs, this.#shortest.beforeMs);
    const newestSlot = this.#packets[newest]! % SENT_PACKETS;
    const sentMs = this.#sentMs[newestSlot]!;
    const arrivedBps = rateBps(bytes, newestMs - this.#arrivedMs[oldest]!);
    const unheardMs = ((this.#sentBytes - this.#bytesUntil[newestSlot]!) * 8000) / Math.max(1, arrivedBps);
    return {
      queueMs: Math.max(0, leastMs - shortestMs),
      backlogMs: Math.max(0, this.#delayMs[newest]! - shortestMs + unheardMs - (nowMs - sentMs)),
      sentBps: rateBps(bytes, sentMs - this.#sentMs[this.#packets[oldest]! % SENT_PACKETS]!),
      arrivedBps,
      capacityBps,
      fractionLost: this.#fractionLost,
      responseMs: nowMs - sentMs,
    };
  }
}

/** Packets that came in the same moment came within one. */
function rateBps(bytes: number, spanMs: number): number {
  return (bytes * 8000) / Math.max(1, spanMs);
}
