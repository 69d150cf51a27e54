/** Bounds of a viewer's video bitrate. */
export interface BitrateControllerOptions {
  /** Bits a second to begin with. */
  readonly startBps: number;
  /** Never below this: worse pictures are not worth sending. */
  readonly minBps: number;
  /** Never above this. */
  readonly maxBps: number;
}

/** Part of the estimated bandwidth given to the picture; the rest is for voice, headers and retransmissions. */
const PICTURE_SHARE = 0.85;

/** How far the estimate must fall below the bitrate in use before that follows. */
const LEAST_FALL = 0.1;

/** How far the estimate must rise above the bitrate in use before that follows. */
const LEAST_RISE = 0.25;

/** Milliseconds of calm before the bitrate rises: each change may cost a key frame. */
const CALM_MS = 5000;

/** Largest step up, as a factor. */
const MOST_RISE = 1.5;

/**
 * Chooses a viewer's video bitrate from what its browser estimates (REMB): down at once, up by at most half
 * after five calm seconds.
 */
export class BitrateController {
  readonly #minBps: number;
  readonly #maxBps: number;
  #bps: number;
  #changedMs: number | undefined;

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

  /** Takes an estimate of the whole bandwidth; returns the bitrate to use from now on. `nowMs` may start anywhere. */
  estimated(bandwidthBps: number, nowMs: number): number {
    this.#changedMs ??= nowMs;
    const affordable = Math.round(Math.min(this.#maxBps, Math.max(this.#minBps, bandwidthBps * PICTURE_SHARE)));
    const calm = nowMs - this.#changedMs >= CALM_MS;
    if (affordable < this.#bps * (1 - LEAST_FALL)) {
      this.#change(affordable, nowMs);
    } else if (calm && (affordable > this.#bps * (1 + LEAST_RISE) || (affordable === this.#maxBps && affordable > this.#bps))) {
      this.#change(Math.min(affordable, Math.round(this.#bps * MOST_RISE)), nowMs);
    }
    return this.#bps;
  }

  #change(bps: number, nowMs: number): void {
    this.#bps = bps;
    this.#changedMs = nowMs;
  }
}
