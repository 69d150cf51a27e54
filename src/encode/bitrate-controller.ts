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
  /** Bits a second that the viewer thinks its path takes (REMB). */
  readonly bandwidthBps: number;
  /** Bytes sent to the viewer since the start. */
  readonly sentBytes: number;
  /** Share of packets lost by the last report, 0..1. */
  readonly fractionLost: number;
  /** Round trip by the last report, in milliseconds; 0 until it is known. */
  readonly roundTripMs: number;
}

/** Part of the estimated bandwidth given to the picture; the rest is for voice, headers and retransmissions. */
const PICTURE_SHARE = 0.85;

/** Least relative fall of the bitrate: each change may cost a key frame. */
const LEAST_FALL = 0.1;

/** Losses from which on the bitrate falls, and up to which it may rise. */
const HIGH_LOSS = 0.1;
const LOW_LOSS = 0.02;

/** Round trip above the shortest one from which on a queue stands somewhere on the path, in milliseconds. */
const QUEUE_MS = 60;

/** Milliseconds over which the sent rate is measured, and between two falls for loss. */
const MEASURE_MS = 1000;

/** Milliseconds of calm before the bitrate rises. */
const CALM_MS = 5000;

/** Largest step up, as a factor. */
const MOST_RISE = 1.5;

/** Share of the bitrate that must be in use before more is asked for. */
const IN_USE = 0.7;

/**
 * Chooses a viewer's video bitrate: down at once when more is sent than the path takes, or much is lost;
 * up by at most half after five calm seconds. Browsers hardly estimate more than what they received of late, and take the
 * unrest of a busy machine for a narrow path. So an estimate counts only when more is sent than it says, and packets are
 * lost or queue up on the way: a calm face that needs little keeps its bitrate.
 */
export class BitrateController {
  readonly #minBps: number;
  readonly #maxBps: number;
  #bps: number;
  #changedMs: number | undefined;
  #measured: { readonly atMs: number; readonly sentBytes: number } | undefined;
  #sentBps = 0;
  #shortestTripMs = Infinity;

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
  estimated({ bandwidthBps, sentBytes, fractionLost, roundTripMs }: PathEstimate, nowMs: number): number {
    this.#changedMs ??= nowMs;
    this.#measure(sentBytes, nowMs);
    const affordableBps = Math.round(bandwidthBps * PICTURE_SHARE);
    const sinceMs = nowMs - this.#changedMs;
    const congested = fractionLost > LOW_LOSS || this.#queues(roundTripMs);
    if (congested && bandwidthBps < this.#sentBps && affordableBps < this.#bps * (1 - LEAST_FALL)) {
      this.#change(affordableBps, nowMs);
    } else if (fractionLost > HIGH_LOSS && sinceMs >= MEASURE_MS) {
      this.#change(this.#bps * (1 - fractionLost / 2), nowMs);
    } else if (sinceMs >= CALM_MS && !congested && this.#sentBps > this.#bps * IN_USE) {
      this.#change(this.#bps * MOST_RISE, nowMs);
    }
    return this.#bps;
  }

  #measure(sentBytes: number, nowMs: number): void {
    this.#measured ??= { atMs: nowMs, sentBytes };
    const passedMs = nowMs - this.#measured.atMs;
    if (passedMs >= MEASURE_MS) {
      this.#sentBps = ((sentBytes - this.#measured.sentBytes) * 8000) / passedMs;
      this.#measured = { atMs: nowMs, sentBytes };
    }
  }

  #queues(roundTripMs: number): boolean {
    if (roundTripMs > 0) {
      this.#shortestTripMs = Math.min(this.#shortestTripMs, roundTripMs);
    }
    return roundTripMs > this.#shortestTripMs + QUEUE_MS;
  }

  #change(wantedBps: number, nowMs: number): void {
    const bps = Math.round(Math.min(this.#maxBps, Math.max(this.#minBps, wantedBps)));
    if (bps !== this.#bps) {
      this.#bps = bps;
      this.#changedMs = nowMs;
    }
  }
}
