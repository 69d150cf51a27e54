/** Limits of a viewer's video bitrate, in bits a second. */
export interface BitrateLimits {
  readonly startBps: number;
  readonly minBps: number;
  readonly maxBps: number;
}

/** Share of the viewer's estimate given to video; the rest is for voice, headers and error. */
const VIDEO_SHARE = 0.85;

/** Relative change below which the bitrate stays: each change may cost a key frame. */
const LEAST_RISE = 1.25;
const LEAST_FALL = 0.85;

/** Rises come at most this often; falls at once. */
const RISE_EVERY_MS = 4000;

/** Follows the viewer's bandwidth estimates (REMB): down at once, up slowly, never beyond the limits. */
export class BitrateController {
  readonly #limits: BitrateLimits;
  #bps: number;
  #lastRiseMs = -Infinity;

  constructor(limits: BitrateLimits) {
    if (!(limits.minBps <= limits.startBps && limits.startBps <= limits.maxBps)) {
      throw new TypeError(`Bitrates go from min over start to max, not ${limits.minBps}, ${limits.startBps}, ${limits.maxBps}.`);
    }
    this.#limits = limits;
    this.#bps = limits.startBps;
  }

  /** The bitrate to encode at, in bits a second. */
  get bps(): number {
    return this.#bps;
  }

  /** Takes an estimate of the whole path and returns the bitrate to encode at. */
  estimated(pathBps: number, nowMs: number): number {
    const { minBps, maxBps } = this.#limits;
    const wanted = Math.round(Math.max(minBps, Math.min(maxBps, pathBps * VIDEO_SHARE)));
    const falls = wanted < this.#bps * LEAST_FALL;
    const rises = wanted > this.#bps * LEAST_RISE && nowMs - this.#lastRiseMs >= RISE_EVERY_MS;
    if (rises) {
      this.#lastRiseMs = nowMs;
    }
    if (falls || rises) {
      this.#bps = wanted;
    }
    return this.#bps;
  }
}
