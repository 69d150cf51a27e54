import type { Random } from '../../../src/motion/random.ts';
import { addMusic } from './instrumental-music.ts';
import { SOUND_RATE_HZ } from './resampled.ts';
import { pick } from './sentence-generator.ts';
import { addNoise } from './sound-variation.ts';

const KINDS = [noise, keyboard, keyboard, music, music, music, music, silence] as const;

/** Returns a few seconds of sound without a voice, over which the mouth is to stay shut: noise, keys, music or silence. */
export function voicelessSound(seconds: number, random: Random): Float32Array {
  const sound = new Float32Array(Math.round(seconds * SOUND_RATE_HZ));
  pick(KINDS, random)(sound, random);
  return sound;
}

function silence(sound: Float32Array, random: Random): void {
  addNoise(sound, 10 ** (random.between(-90, -55) / 20), random);
}

/** Noise from the start, or switched on after silence, or swelling. */
function noise(sound: Float32Array, random: Random): void {
  addNoise(sound, 10 ** (random.between(-60, -12) / 20), random);
  const silentSamples = random.between(-1, 0.6) * sound.length;
  const rampSamples = random.chance(0.3) ? 0.5 * SOUND_RATE_HZ : 1;
  for (let i = 0; i < sound.length; i++) {
    sound[i]! *= Math.min(1, Math.max(0, (i - silentSamples) / rampSamples));
  }
}

/** Keys: two short bursts of noise each, the second softer, through a resonance of the case. */
function keyboard(sound: Float32Array, random: Random): void {
  const peak = 10 ** (random.between(-35, -8) / 20);
  for (let at = random.between(0, 0.3); at < sound.length / SOUND_RATE_HZ; at += random.between(0.05, 0.6)) {
    click(sound, { at, peak: peak * random.between(0.5, 1) }, random);
    click(sound, { at: at + random.between(0.04, 0.11), peak: peak * random.between(0.1, 0.5) }, random);
  }
  addNoise(sound, 10 ** (random.between(-85, -55) / 20), random);
}

function click(sound: Float32Array, { at, peak }: { at: number; peak: number }, random: Random): void {
  const start = Math.round(at * SOUND_RATE_HZ);
  const fade = random.between(0.001, 0.008) * SOUND_RATE_HZ;
  const step = (2 * Math.PI * random.between(300, 5000)) / SOUND_RATE_HZ;
  for (let i = 0; i < 6 * fade && start + i < sound.length; i++) {
    sound[start + i]! += peak * Math.exp(-i / fade) * (0.6 * random.nearZero() + 0.6 * Math.sin(step * i));
  }
}

/** Music at any level, from the start or after quiet, over a little noise. */
function music(sound: Float32Array, random: Random): void {
  const silentSamples = random.chance(0.4) ? Math.round(random.between(0, 0.4) * sound.length) : 0;
  const played = sound.subarray(silentSamples);
  addMusic(played, random);
  const rms = Math.sqrt(played.reduce((sum, sample) => sum + sample * sample, 0) / played.length) + 1e-9;
  const scale = 10 ** (random.between(-38, -12) / 20) / rms;
  for (let i = 0; i < played.length; i++) {
    played[i] = Math.max(-1, Math.min(1, played[i]! * scale));
  }
  addNoise(sound, 10 ** (random.between(-95, -55) / 20), random);
}
