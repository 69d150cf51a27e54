import type { MelWindow } from '../base/mel-window.ts';
import { clamp } from './shaping.ts';
import { SpeechLevel } from './speech-level.ts';

/** Mel frames of the window that make up "now" and "soon": −25..+25 ms and +37..+90 ms of the video frame. */
const NOW = [5, 8] as const;
const SOON = [10, 13] as const;

/** Loudness counts from this far under the voice's level up to it, in dB. */
const ENERGY_RANGE_DB = 25;

/** A voice is heard over these energies; it must come back sooner than this to be the same phrase. */
const HEARD_ENERGY = 0.22;
const PAUSE_FRAMES = 6;

/** Loudness must also be this far over the noise to be a voice, in dB. */
const OVER_NOISE_DB = 10;

/** A phrase that ends must have lasted this long to count. */
const PHRASE_FRAMES = 10;

/** Stress: a peak this far over the usual energy, at most every 320 ms. */
const ACCENT_OVER_MEAN = 0.12;
const ACCENT_FRAMES = 8;

/** How quickly the usual energy follows, per frame (about 1 s). */
const MEAN_RATE = 0.04;

/** Hears how a voice is stressed and where its phrases begin and end, with the 100 ms that a window looks ahead. */
export class Prosody {
  /** Loudness of the voice at this frame, 0..1. */
  energy = 0;
  /** Strength of a stressed syllable that peaks at this frame, 0.3..1; 0 at all others. */
  accent = 0;
  /** True from a phrase's first sound until 240 ms after its last. */
  speaking = false;
  /** True at the one frame where a phrase begins. */
  phraseStarted = false;
  /** True at the one frame where a phrase of at least 400 ms has ended. */
  phraseEnded = false;
  readonly #level = new SpeechLevel();
  #mean = 0.5;
  #quietFrames = PAUSE_FRAMES;
  #phraseFrames = 0;
  #sinceAccent = ACCENT_FRAMES;

  /** Takes in the window of the next video frame. */
  update(window: MelWindow): void {
    this.#level.update(window);
    const previous = this.energy;
    this.energy = this.#energyOf(NOW);
    this.#followPhrase();
    this.#findAccent(previous, this.#energyOf(SOON));
  }

  /** Forgets the phrase under way, after an interrupt; the voice's level and noise stay known. */
  reset(): void {
    this.energy = 0;
    this.accent = 0;
    this.speaking = false;
    this.phraseStarted = false;
    this.phraseEnded = false;
    this.#quietFrames = PAUSE_FRAMES;
    this.#phraseFrames = 0;
  }

  #energyOf([first, last]: readonly [number, number]): number {
    let sum = 0;
    for (let frame = first; frame <= last; frame++) {
      sum += this.#level.loudnessDb[frame]!;
    }
    const loudnessDb = sum / (last - first + 1);
    if (loudnessDb < this.#level.noiseDb + OVER_NOISE_DB) {
      return 0;
    }
    return clamp((loudnessDb - this.#level.levelDb) / ENERGY_RANGE_DB + 1, 0, 1);
  }

  #followPhrase(): void {
    this.#quietFrames = this.energy > HEARD_ENERGY ? 0 : this.#quietFrames + 1;
    const speaking = this.#quietFrames < PAUSE_FRAMES;
    this.phraseStarted = speaking && !this.speaking;
    this.phraseEnded = !speaking && this.speaking && this.#phraseFrames >= PHRASE_FRAMES;
    this.#phraseFrames = speaking ? this.#phraseFrames + 1 : 0;
    this.speaking = speaking;
    if (this.#quietFrames === 0) {
      this.#mean += (this.energy - this.#mean) * MEAN_RATE;
    }
  }

  #findAccent(previous: number, soon: number): void {
    const over = this.energy - this.#mean;
    const peaks = this.energy >= previous && this.energy >= soon;
    this.#sinceAccent += 1;
    this.accent = 0;
    if (this.speaking && peaks && over > ACCENT_OVER_MEAN && this.#sinceAccent >= ACCENT_FRAMES) {
      this.accent = clamp(0.3 + (over - ACCENT_OVER_MEAN) * 3, 0.3, 1);
      this.#sinceAccent = 0;
    }
  }
}
