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
}

/** Part of the estimated bandwidth given to the picture; the rest is for voice, headers and retransmissions. */
const PICTURE_SHARE = 0.85;

/** Least relative fall of the bitrate: each change may cost a key frame. */
const LEAST_FALL = 0.1;

/** Losses from which on the bitrate falls, and up to which it may rise. */
const HIGH_LOSS = 0.1;
const LOW_LOSS = 0.02;

/** Milliseconds over which the sent rate is measured, and between two falls for loss. */
const MEASURE_MS = 1000;

/** Milliseconds of calm before the bitrate rises. */
const CALM_MS = 5000;

/** Largest step up, as a factor. */
const MOST_RISE = 1.5;

/** Share of the bitrate that must be in use before more is asked for. */
const IN_USE = 0.7;

/**
 * Chooses a viewer's video bitrate: down at once when more is sent than the path takes or much is lost,
 * up by at most half after five calm seconds. Browsers never estimate much more than what they receive: an estimate
 * above the sent rate therefore says nothing against the bitrate in use, and a calm face that needs little keeps it.
 */
export class BitrateController {
  readonly #minBps: number;
  readonly #maxBps: number;
  #bps: number;
  #changedMs: number | undefined;
  #measured: { readonly atMs: number; readonly sentBytes: number } | undefined;
  #sentBps = 0;

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
  estimated({ bandwidthBps, sentBytes, fractionLost }: PathEstimate, nowMs: number): number {
    this.#changedMs ??= nowMs;
    this.#measure(sentBytes, nowMs);
    const affordableBps = Math.round(bandwidthBps * PICTURE_SHARE);
    const sinceMs = nowMs - this.#changedMs;
    if (bandwidthBps < this.#sentBps && affordableBps < this.#bps * (1 - LEAST_FALL)) {
      this.#change(affordableBps, nowMs);
    } else if (fractionLost > HIGH_LOSS && sinceMs >= MEASURE_MS) {
      this.#change(this.#bps * (1 - fractionLost / 2), nowMs);
    } else if (sinceMs >= CALM_MS && fractionLost < LOW_LOSS && this.#sentBps > this.#bps * IN_USE) {
      this.#change(Math.max(this.#bps, Math.min(affordableBps, this.#bps * MOST_RISE)), nowMs);
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

  #change(wantedBps: number, nowMs: number): void {
    const bps = Math.round(Math.min(this.#maxBps, Math.max(this.#minBps, wantedBps)));
    if (bps !== this.#bps) {
      this.#bps = bps;
      this.#changedMs = nowMs;
    }
  }
}
