import type { MelWindow } from '../base/mel-window.ts';
import { PitchFinder } from './pitch-finder.ts';
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

/** Stress: a peak this far over the usual prominence (energy and what pitch adds to it), at most every 320 ms. */
const ACCENT_OVER_MEAN = 0.12;
const ACCENT_FRAMES = 8;

/** What a pitch a semitone over the usual one adds to the energy, and the pitches beyond which it adds no more. */
const PROMINENCE_PER_SEMITONE = 0.03;
const PROMINENT_PITCHES = [-3, 7] as const;

/** How quickly the usual prominence follows, per frame (about 1 s). */
const MEAN_RATE = 0.04;

/** A voice's usual pitch before any was heard: 150 Hz, in semitones over 70 Hz. Then a running median that goes so far a frame, faster at first. */
const TYPICAL_PITCH = 13.2;
const MEDIAN_STEP = 0.06;
const FIRST_MEDIAN_STEP = 4;

/** Another voice speaks when so many pitches in a row lie so far over the usual one, or under it; its own is then learnt as at first. */
const OTHER_VOICE_SEMITONES = 5;
const OTHER_VOICE_FRAMES = 15;

/** Pitches of neighbouring frames lie within this. */
const NEAR_SEMITONES = 3;

/** How quickly the usual level follows, per frame with a voice (about 20 s), once so many frames were heard. */
const USUAL_LEVEL_FRAMES = 500;

/** Hears how a voice is stressed, how high it speaks and where its phrases begin and end, with the 100 ms that a window looks ahead. */
export class Prosody {
  /** Loudness of the voice at this frame, 0..1. */
  energy = 0;
  /** Pitch at this frame, in semitones over the voice's usual one (its running median); undefined where none is heard. */
  pitch: number | undefined;
  /** How far the voice's level is over its usual one, in dB. */
  overUsualDb = 0;
  /** Strength of a stressed syllable that peaks at this frame, 0.3..1; 0 at all others. */
  accent = 0;
  /** True from a phrase's first sound until 240 ms after its last. */
  speaking = false;
  /** True at the one frame where a phrase of at least 400 ms has ended. */
  phraseEnded = false;
  readonly #level = new SpeechLevel();
  readonly #finder = new PitchFinder();
  #usualPitch = TYPICAL_PITCH;
  #previousPitch: number | undefined;
  #pitchesHeard = 0;
  /** Pitches in a row that are far from the usual one: over it positive, under it negative. */
  #farPitches = 0;
  #usualDb = 0;
  #framesHeard = 0;
  #prominence = 0;
  #mean = 0.5;
  #quietFrames = PAUSE_FRAMES;
  #phraseFrames = 0;
  #sinceAccent = ACCENT_FRAMES;

  /** Takes in the window of the next video frame. */
  update(window: MelWindow): void {
    this.#level.update(window);
    this.energy = this.#energyOf(NOW);
    const soon = this.#energyOf(SOON);
    const pitchSoon = this.#pitchOf(window, SOON, soon);
    this.#hearPitch(this.#pitchOf(window, NOW, this.energy), pitchSoon);
    const previous = this.#prominence;
    this.#prominence = prominence(this.energy, this.pitch);
    this.#followPhrase();
    this.#findAccent(previous, prominence(soon, pitchSoon));
    if (this.#quietFrames === 0) {
      this.#followVoice();
    }
  }

  /** Forgets the phrase under way, after an interrupt; the voice's level and noise stay known. */
  reset(): void {
    this.energy = 0;
    this.pitch = undefined;
    this.accent = 0;
    this.speaking = false;
    this.phraseEnded = false;
    this.#quietFrames = PAUSE_FRAMES;
    this.#phraseFrames = 0;
    this.#previousPitch = undefined;
    this.#prominence = 0;
  }

  /** Believes a pitch when the one before or after it is near: noise has one now and then, never the same for long. */
  #hearPitch(now: number | undefined, soon: number | undefined): void {
    this.pitch = areNear(now, this.#previousPitch) || areNear(now, soon) ? now : undefined;
    this.#previousPitch = now;
  }

  #pitchOf(window: MelWindow, frames: readonly [number, number], energy: number): number | undefined {
    const pitch = energy > HEARD_ENERGY ? this.#finder.find(window, frames, this.#usualPitch) : undefined;
    return pitch === undefined ? undefined : pitch - this.#usualPitch;
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
    this.phraseEnded = !speaking && this.speaking && this.#phraseFrames >= PHRASE_FRAMES;
    this.#phraseFrames = speaking ? this.#phraseFrames + 1 : 0;
    this.speaking = speaking;
  }

  /** Follows what is usual for the voice. */
  #followVoice(): void {
    this.#mean += (this.#prominence - this.#mean) * MEAN_RATE;
    this.#framesHeard += 1;
    this.#usualDb += (this.#level.levelDb - this.#usualDb) / Math.min(this.#framesHeard, USUAL_LEVEL_FRAMES);
    this.overUsualDb = this.#level.levelDb - this.#usualDb;
    if (this.pitch !== undefined) {
      this.#pitchesHeard = this.#isOtherVoice(this.pitch) ? 1 : this.#pitchesHeard + 1;
      const step = Math.max(MEDIAN_STEP, FIRST_MEDIAN_STEP / this.#pitchesHeard ** 1.5);
      this.#usualPitch += clamp(this.pitch, -step, step);
    }
  }

  #isOtherVoice(pitch: number): boolean {
    const side = Math.abs(pitch) > OTHER_VOICE_SEMITONES ? Math.sign(pitch) : 0;
    this.#farPitches = side * this.#farPitches > 0 ? this.#farPitches + side : side;
    if (Math.abs(this.#farPitches) < OTHER_VOICE_FRAMES) {
      return false;
    }
    this.#farPitches = 0;
    return true;
  }

  #findAccent(previous: number, soon: number): void {
    const over = this.#prominence - this.#mean;
    const peaks = this.#prominence >= previous && this.#prominence >= soon;
    this.#sinceAccent += 1;
    this.accent = 0;
    if (this.speaking && peaks && over > ACCENT_OVER_MEAN && this.#sinceAccent >= ACCENT_FRAMES) {
      this.accent = clamp(0.3 + (over - ACCENT_OVER_MEAN) * 3, 0.3, 1);
      this.#sinceAccent = 0;
    }
  }
}

/** Returns how much a moment stands out: its energy, more for a raised pitch, less for a lowered one. */
function prominence(energy: number, pitch: number | undefined): number {
  return energy + PROMINENCE_PER_SEMITONE * clamp(pitch ?? 0, PROMINENT_PITCHES[0], PROMINENT_PITCHES[1]);
}

function areNear(one: number | undefined, other: number | undefined): boolean {
  return one !== undefined && other !== undefined && Math.abs(one - other) < NEAR_SEMITONES;
}
