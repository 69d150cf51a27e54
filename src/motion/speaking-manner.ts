import type { Prosody } from './prosody.ts';
import { clamp } from './shaping.ts';

/** How quickly each part follows the voice, per frame: loudness and stress over one and two seconds, pitch over half a second and two. */
const LOUDNESS_RATE = 0.04;
const STRESS_RATE = 0.02;
const LEVEL_RATE = 0.08;
const RANGE_RATE = 0.02;
const NOW_RATE = 0.5;

/** What makes a voice vigorous: 1 is the vigour of ordinary lively speech (energy 0.55, 2.3 semitones about its level, two stresses a second). */
const VIGOUR = { least: 0.35, base: 0.2, perEnergy: 0.45, perSemitone: 0.12, perStressHz: 0.1, perDb: 0.04, most: 1.6 } as const;

/** What a voice did of late, as a head's next second depends on it. Stands still while the voice is silent; its pitch fades. */
export class SpeakingManner {
  /** Mean energy, 0..1. */
  loudness = 0.5;
  /** Pitch of the last frames with one, in semitones over the voice's usual one. */
  pitch = 0;
  /** Mean pitch of the last half second, in semitones over the voice's usual one. */
  pitchLevel = 0;
  /** How far pitch strays from its level, in semitones. */
  pitchRange = 1.5;
  /** Stressed syllables per second. */
  stressHz = 1.5;
  /** Frames since the phrase began; 0 in pauses. */
  phraseFrames = 0;
  #overUsualDb = 0;

  /** Takes in the next video frame of the voice. */
  update(prosody: Prosody): void {
    if (!prosody.speaking) {
      this.phraseFrames = 0;
      this.pitchLevel *= 1 - LEVEL_RATE;
      this.pitch *= 1 - LEVEL_RATE;
      return;
    }
    this.phraseFrames += 1;
    this.#overUsualDb = prosody.overUsualDb;
    this.loudness += (prosody.energy - this.loudness) * LOUDNESS_RATE;
    this.stressHz += ((prosody.accent > 0 ? 25 : 0) - this.stressHz) * STRESS_RATE;
    if (prosody.pitch !== undefined) {
      this.pitch += (prosody.pitch - this.pitch) * NOW_RATE;
      this.pitchLevel += (prosody.pitch - this.pitchLevel) * LEVEL_RATE;
      this.pitchRange += (Math.abs(prosody.pitch - this.pitchLevel) - this.pitchRange) * RANGE_RATE;
    }
  }

  /** Pitch to be expected next, in semitones over the usual one: the level carried on by the trend, as far again as the pitch is from it. */
  get pitchAhead(): number {
    return this.pitchLevel + 2 * (this.pitch - this.pitchLevel);
  }

  /** How vigorously the voice speaks, 0.35..1.6; 1 is ordinary lively speech, a flat and even voice has about half of that. */
  get vigour(): number {
    const { base, perEnergy, perSemitone, perStressHz, perDb, least, most } = VIGOUR;
    const sum = base + perEnergy * this.loudness + perSemitone * this.pitchRange + perStressHz * this.stressHz + perDb * this.#overUsualDb;
    return clamp(sum, least, most);
  }
}
