/** Bounds of a viewer's video bitrate. */
export interface BitrateControllerOptions {
  /** Bits a second to begin with. */
  readonly startBps: number;
  /** Never below this: worse pictures are not worth sending. */
  readonly minBps: number;
  /** Never above this. */
  readonly maxBps: number;
}

/** What is known of a viewer's path. */
export interface PathEstimate {
  /** Bits a second that the viewer thinks its path takes (REMB); Infinity where it does not say. */
  readonly bandwidthBps: number;
  /** Bytes sent to the viewer since the start. */
  readonly sentBytes: number;
  /** Share of packets lost by the last report, 0..1. */
  readonly fractionLost: number;
  /** Round trip by the last report, in milliseconds; 0 until it is known. */
  readonly roundTripMs: number;
  /** Bits a second of the picture that were sent up to the last report, and that arrived. */
  readonly pictureSentBps: number;
  readonly pictureArrivedBps: number;
}

/** Part of the bandwidth given to the picture; the rest is for voice, headers and retransmissions, and to empty the queue on the path. */
const PICTURE_SHARE = 0.8;

/** Least relative fall of the bitrate: each change may cost a key frame. */
const LEAST_FALL = 0.1;

/** Losses from which on a queue on the path overflows, from which on the bitrate falls, and up to which it may rise. */
const OVERFLOW_LOSS = 0.25;
const HIGH_LOSS = 0.1;
const LOW_LOSS = 0.02;

/** Round trip above the shortest one of late from which on a queue stands somewhere on the path, and a deep one, in milliseconds. */
const QUEUE_MS = 60;
const DEEP_QUEUE_MS = 200;

/** Half of what counts as late: a path that became longer, by another network perhaps, is no queue for ever. */
const TRIPS_MS = 5000;

/** Share of what was sent below which what arrived shows that a queue grows. */
const GROWING_QUEUE = 0.75;

/** A queue that grows, or is deep and loses packets, must do so for longer than one report: a viewer that was held up looks alike. */
const LASTING_MS = 900;

/** Milliseconds over which the sent rate is measured. */
const MEASURE_MS = 1000;

/** Milliseconds after a fall in which reports still tell of the time before it. */
const SETTLE_MS = 1500;

/** Milliseconds of calm before the bitrate rises. */
const CALM_MS = 5000;

/** Largest and least step up, as factors. */
const MOST_RISE = 1.5;
const LEAST_RISE = 1.1;

/** Part of what was too much that is tried again at once; more only after a time, which doubles each time it was too much again. */
const SAFE_SHARE = 0.9;
const CAUTIOUS_MS = 10_000;
const LONGEST_CAUTIOUS_MS = 40_000;

/** Share of the bitrate that must be in use before more is asked for. */
const IN_USE = 0.7;

/** From this bitrate on pictures have their whole size and rate; below, they never use what they are given. */
export const WHOLE_FROM_BPS = 120_000;

/**
 * Chooses a viewer's video bitrate: down to what arrives when a queue on the path grows or overflows, up by at most half after
 * five calm seconds, and for a while not to where it was too much. Browsers hardly estimate more than what they received of
 * late, and take the unrest of a busy machine for a narrow path. So an estimate counts only when more is sent than it says,
 * and packets are lost or queue up on the way: a calm face that needs little keeps its bitrate.
 */
export class BitrateController {
  readonly #minBps: number;
  readonly #maxBps: number;
  #bps: number;
  #changedMs: number | undefined;
  #queuesSinceMs = Infinity;
  /** What was too much, since when, and for how long it is avoided. */
  #tooMuch = { bps: Infinity, sinceMs: -Infinity, forMs: CAUTIOUS_MS };
  #measured: { readonly atMs: number; readonly sentBytes: number } | undefined;
  #sentBps = 0;
  /** Shortest round trips in this stretch of time, and in the one before. */
  #trips = { sinceMs: -Infinity, shortestMs: Infinity, beforeMs: Infinity };

  /** Starts at `startBps`. @throws TypeError unless 0 < min ≤ start ≤ max. */
  constructor({ startBps, minBps, maxBps }: BitrateControllerOptions) {
    if (!(minBps > 0 && minBps <= startBps && startBps <= maxBps)) {
      throw new TypeError(`Bitrates need 0 < min ≤ start ≤ max, not ${minBps}, ${startBps}, ${maxBps}.`);
    }
    this.#minBps = minBps;
    this.#maxBps = maxBps;
    this.#bps = startBps;
  }

  /** The bitrate in use, in bits a second. */
  get bps(): number {
    return this.#bps;
  }

  /** Takes an estimate of the path; returns the bitrate to use from now on. `nowMs` may start anywhere. */
  estimated(path: PathEstimate, nowMs: number): number {
    this.#changedMs ??= nowMs - SETTLE_MS;
    this.#measure(path.sentBytes, nowMs);
    const queueMs = this.#queueMs(path.roundTripMs, nowMs);
    const affordableBps = this.#affordableBps(path, { queueMs, lasting: this.#lastingQueue(path, queueMs, nowMs) });
    const sinceMs = nowMs - this.#changedMs;
    if (affordableBps < this.#bps * (1 - LEAST_FALL)) {
      if (sinceMs >= SETTLE_MS) {
        this.#fall(affordableBps, nowMs);
      }
    } else if (sinceMs >= CALM_MS && queueMs <= QUEUE_MS && path.fractionLost <= LOW_LOSS && (this.#bps < WHOLE_FROM_BPS || this.#sentBps > this.#bps * IN_USE)) {
      this.#rise(nowMs);
    }
    return this.#bps;
  }

  /** What the picture may take; Infinity when nothing speaks against more. */
  #affordableBps({ bandwidthBps, fractionLost, pictureArrivedBps }: PathEstimate, { queueMs, lasting }: { queueMs: number; lasting: boolean }): number {
    const loses = fractionLost > LOW_LOSS;
    const queues = queueMs > QUEUE_MS;
    if (lasting || fractionLost >= OVERFLOW_LOSS || (queues && fractionLost > HIGH_LOSS)) {
      return pictureArrivedBps * PICTURE_SHARE;
    }
    if ((queues || loses) && bandwidthBps < this.#sentBps) {
      return bandwidthBps * PICTURE_SHARE;
    }
    return fractionLost > HIGH_LOSS ? this.#bps * (1 - fractionLost / 2) : Infinity;
  }

  #measure(sentBytes: number, nowMs: number): void {
    this.#measured ??= { atMs: nowMs, sentBytes };
    const passedMs = nowMs - this.#measured.atMs;
    if (passedMs >= MEASURE_MS) {
      this.#sentBps = ((sentBytes - this.#measured.sentBytes) * 8000) / passedMs;
      this.#measured = { atMs: nowMs, sentBytes };
    }
  }

  /** How much longer the round trip is than the shortest one of late. */
  #queueMs(roundTripMs: number, nowMs: number): number {
    if (nowMs - this.#trips.sinceMs > TRIPS_MS) {
      this.#trips = { sinceMs: nowMs, shortestMs: Infinity, beforeMs: this.#trips.shortestMs };
    }
    if (roundTripMs > 0) {
      this.#trips.shortestMs = Math.min(this.#trips.shortestMs, roundTripMs);
    }
    return Math.max(0, roundTripMs - Math.min(this.#trips.shortestMs, this.#trips.beforeMs));
  }

  /** Says whether a queue has been growing, or deep and overflowing now and then, for some time. */
  #lastingQueue({ fractionLost, pictureSentBps, pictureArrivedBps }: PathEstimate, queueMs: number, nowMs: number): boolean {
    const grows = queueMs > QUEUE_MS && pictureArrivedBps < pictureSentBps * GROWING_QUEUE;
    this.#queuesSinceMs = grows || (queueMs > DEEP_QUEUE_MS && fractionLost > LOW_LOSS) ? Math.min(this.#queuesSinceMs, nowMs) : Infinity;
    return nowMs - this.#queuesSinceMs >= LASTING_MS;
  }

  #fall(wantedBps: number, nowMs: number): void {
    const again = this.#tooMuch.bps < Infinity;
    this.#tooMuch = {
      bps: Math.min(this.#tooMuch.bps, this.#bps, Math.max(this.#sentBps, wantedBps)), sinceMs: nowMs,
      forMs: again ? Math.min(LONGEST_CAUTIOUS_MS, 2 * this.#tooMuch.forMs) : CAUTIOUS_MS,
    };
    this.#change(wantedBps, nowMs);
  }

  #rise(nowMs: number): void {
    const { bps, sinceMs, forMs } = this.#tooMuch;
    if (this.#bps > bps) {
      // What was too much before did no harm this time.
      this.#tooMuch = { bps: Infinity, sinceMs: -Infinity, forMs: CAUTIOUS_MS };
    }
    const cautious = nowMs - sinceMs < forMs;
    const wantedBps = Math.min(this.#bps * MOST_RISE, cautious ? bps * SAFE_SHARE : Infinity);
    if (wantedBps > this.#bps * LEAST_RISE) {
      this.#change(wantedBps, nowMs);
    }
  }

  #change(wantedBps: number, nowMs: number): void {
    this.#bps = Math.round(Math.min(this.#maxBps, Math.max(this.#minBps, wantedBps)));
    this.#changedMs = nowMs;
  }
}
