/** Sound that is remembered: 40 ms at 16 kHz. */
const HISTORY_SAMPLES = 640;

/** Sound that is compared to find the pitch: 10 ms. */
const MATCH_SAMPLES = 160;

/** Periods that are tried: 2.5 to 20 ms, pitch 400 to 50 Hz. */
const SHORTEST_PERIOD = 40;
const LONGEST_PERIOD = 320;

/** Time over which a gap fades to silence: 60 ms. */
const FADE_SAMPLES = 960;

/** Length of the cross-fade back to real sound: 5 ms. */
const RESUME_SAMPLES = 80;

/** Fills gaps in a voice at 16 kHz: goes on with its last pitch period, fading to silence in 60 ms, and crosses back to real sound. */
export class LossConcealer {
  readonly #history = new Float32Array(HISTORY_SAMPLES);
  readonly #overlap = new Float32Array(RESUME_SAMPLES);
  #period = LONGEST_PERIOD;
  #concealed = 0;

  /** Remembers real sound; after a gap its first 5 ms are crossed with the concealment, in place. */
  accept(samples: Float32Array): void {
    if (this.#concealed > 0) {
      const length = Math.min(RESUME_SAMPLES, samples.length);
      this.conceal(this.#overlap);
      for (let n = 0; n < length; n++) {
        const share = (n + 1) / (length + 1);
        samples[n] = share * samples[n]! + (1 - share) * this.#overlap[n]!;
      }
      this.#concealed = 0;
    }
    const kept = samples.subarray(Math.max(0, samples.length - HISTORY_SAMPLES));
    this.#history.copyWithin(0, kept.length);
    this.#history.set(kept, HISTORY_SAMPLES - kept.length);
  }

  /** Fills `target` with the voice going on. */
  conceal(target: Float32Array): void {
    if (this.#concealed === 0) {
      this.#period = this.#findPeriod();
    }
    for (let n = 0; n < target.length; n++) {
      const gain = Math.max(0, 1 - this.#concealed / FADE_SAMPLES);
      target[n] = gain * this.#history[HISTORY_SAMPLES - this.#period + (this.#concealed % this.#period)]!;
      this.#concealed += 1;
    }
  }

  /** Returns the lag at which the last 10 ms are most like what came before them. */
  #findPeriod(): number {
    const history = this.#history;
    const from = HISTORY_SAMPLES - MATCH_SAMPLES;
    let best = 0;
    let period = LONGEST_PERIOD;
    for (let lag = SHORTEST_PERIOD; lag <= LONGEST_PERIOD; lag++) {
      let product = 0;
      let energy = 1e-9;
      for (let n = from; n < HISTORY_SAMPLES; n++) {
        product += history[n]! * history[n - lag]!;
        energy += history[n - lag]! * history[n - lag]!;
      }
      const likeness = product / Math.sqrt(energy);
      if (likeness > best) {
        best = likeness;
        period = lag;
      }
    }
    return period;
  }
}
