import { MEL_BANDS, MEL_WINDOW_FRAMES, type MelWindow } from '../base/mel-window.ts';
import { clamp } from './shaping.ts';

/** Groups of neighbouring mel bands that are read as one. */
export const LEVEL_GROUPS = 20;

const BANDS_PER_GROUP = MEL_BANDS / LEVEL_GROUPS;

/** Loudness is the mean of this many loudest groups. */
const LOUDEST_GROUPS = 4;

/** Level of ordinary speech before any was heard, and how far a voice may be from it, in dB. */
const TYPICAL_DB = -45;
const QUIETEST_DB = -75;
const LOUDEST_DB = -20;

/** Sound this far under the voice's level counts as nothing. */
const RANGE_DB = 45;

/** The voice's level stays at least this far over the noise. */
const OVER_NOISE_DB = 15;

/** Sound must be this far over the noise to pull the voice's level down. */
const VOICE_OVER_NOISE_DB = 18;

/** A group must be this far over its noise to count. */
const NOISE_MARGIN_DB = 4;

/** The noise is believed to rise by so much per window; faster once the sound has been steady. */
const NOISE_RISE_DB = 0.12;
const STEADY_NOISE_RISE_DB = 0.6;

/** Steady: within this range over the whole window, for more than this many windows. */
const STEADY_RANGE_DB = 5;
const STEADY_WINDOWS = 10;

/** Turns a normalised mel value (−4..4) back to dB (−100..0): the inverse of 8·(dB + 100)/100 − 4. */
export function melToDb(value: number): number {
  return (value + 4) * 12.5 - 100;
}

/**
 * Follows one voice: its level, the noise under it, and the sound of a window relative to both.
 * The level rises within two windows and falls with a time constant of 1.3 s while there is voice; the noise
 * falls within two windows and rises 3 dB/s, or 15 dB/s under a steady sound. Both work from the first window on.
 */
export class SpeechLevel {
  /** The window relative to voice and noise: `relative[frame * 20 + group]`, (dB − base) / 25 limited to 0..2; 0 is noise or silence. */
  readonly relative = new Float32Array(MEL_WINDOW_FRAMES * LEVEL_GROUPS);
  /** Loudness of each of the window's 16 mel frames, in dB (mean of the four loudest groups). */
  readonly loudnessDb = new Float32Array(MEL_WINDOW_FRAMES);
  readonly #db = new Float32Array(MEL_WINDOW_FRAMES * LEVEL_GROUPS);
  readonly #noiseDb = new Float32Array(LEVEL_GROUPS);
  readonly #sorted = new Float32Array(Math.max(MEL_WINDOW_FRAMES, LEVEL_GROUPS));
  #levelDb = TYPICAL_DB;
  #steadyWindows = 0;
  #started = false;

  /** The voice's level, in dB: that of its louder syllables. */
  get levelDb(): number {
    return this.#levelDb;
  }

  /** The noise in each of the 20 groups of bands, in dB; the next update changes it. */
  get groupNoiseDb(): Readonly<Float32Array> {
    return this.#noiseDb;
  }

  /** The noise's loudness, in dB. */
  get noiseDb(): number {
    return this.#meanOfLoudest(this.#noiseDb, 0, LEVEL_GROUPS);
  }

  /** Takes in the next window and updates `relative` and `loudnessDb`. */
  update(window: MelWindow): void {
    this.#poolBands(window.values);
    this.#measureLoudness();
    this.#followNoise();
    this.#followLevel();
    this.#relate();
  }

  #poolBands(values: Float32Array): void {
    for (let frame = 0; frame < MEL_WINDOW_FRAMES; frame++) {
      for (let group = 0; group < LEVEL_GROUPS; group++) {
        let sum = 0;
        for (let band = group * BANDS_PER_GROUP; band < (group + 1) * BANDS_PER_GROUP; band++) {
          sum += values[band * MEL_WINDOW_FRAMES + frame]!;
        }
        this.#db[frame * LEVEL_GROUPS + group] = melToDb(sum / BANDS_PER_GROUP);
      }
    }
  }

  #measureLoudness(): void {
    let quietest = Infinity;
    let loudest = -Infinity;
    for (let frame = 0; frame < MEL_WINDOW_FRAMES; frame++) {
      const loudness = this.#meanOfLoudest(this.#db, frame * LEVEL_GROUPS, LEVEL_GROUPS);
      this.loudnessDb[frame] = loudness;
      quietest = Math.min(quietest, loudness);
      loudest = Math.max(loudest, loudness);
    }
    this.#steadyWindows = loudest - quietest < STEADY_RANGE_DB ? this.#steadyWindows + 1 : 0;
  }

  /** Follows the quietest three frames in a row of each group. */
  #followNoise(): void {
    const rise = this.#steadyWindows > STEADY_WINDOWS ? STEADY_NOISE_RISE_DB : NOISE_RISE_DB;
    for (let group = 0; group < LEVEL_GROUPS; group++) {
      let low = Infinity;
      for (let frame = 0; frame < MEL_WINDOW_FRAMES - 2; frame++) {
        const at = frame * LEVEL_GROUPS + group;
        low = Math.min(low, (this.#db[at]! + this.#db[at + LEVEL_GROUPS]! + this.#db[at + 2 * LEVEL_GROUPS]!) / 3);
      }
      if (!this.#started) {
        // A stream may begin in the middle of a word: what it holds is not all noise.
        this.#noiseDb[group] = Math.min(low, TYPICAL_DB - 25);
      }
      const difference = low - this.#noiseDb[group]!;
      this.#noiseDb[group]! += difference < 0 ? difference / 2 : Math.min(difference, rise);
    }
    this.#started = true;
  }

  /** Follows the third loudest frame of the window. */
  #followLevel(): void {
    const noiseDb = this.noiseDb;
    const loud = this.#thirdLoudest();
    if (loud > this.#levelDb) {
      this.#levelDb += (loud - this.#levelDb) * 0.5;
    } else if (loud > noiseDb + VOICE_OVER_NOISE_DB) {
      this.#levelDb += (loud - this.#levelDb) * 0.03;
    }
    this.#levelDb = clamp(this.#levelDb, Math.max(QUIETEST_DB, noiseDb + OVER_NOISE_DB), LOUDEST_DB);
  }

  #relate(): void {
    for (let group = 0; group < LEVEL_GROUPS; group++) {
      const baseDb = Math.max(this.#noiseDb[group]! + NOISE_MARGIN_DB, this.#levelDb - RANGE_DB);
      for (let at = group; at < this.#db.length; at += LEVEL_GROUPS) {
        this.relative[at] = clamp((this.#db[at]! - baseDb) / 25, 0, 2);
      }
    }
  }

  #meanOfLoudest(source: Float32Array, start: number, count: number): number {
    const sorted = this.#sorted.subarray(0, count);
    for (let i = 0; i < count; i++) {
      sorted[i] = source[start + i]!;
    }
    sorted.sort();
    let sum = 0;
    for (let i = count - LOUDEST_GROUPS; i < count; i++) {
      sum += sorted[i]!;
    }
    return sum / LOUDEST_GROUPS;
  }

  #thirdLoudest(): number {
    const sorted = this.#sorted.subarray(0, MEL_WINDOW_FRAMES);
    sorted.set(this.loudnessDb);
    sorted.sort();
    return sorted[MEL_WINDOW_FRAMES - 3]!;
  }
}
