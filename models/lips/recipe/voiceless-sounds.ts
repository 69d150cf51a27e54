import type { Random } from '../../../src/motion/random.ts';
import { SOUND_RATE_HZ } from './resampled.ts';
import { pick } from './sentence-generator.ts';
import { addNoise } from './sound-variation.ts';

const KINDS = [noise, keyboard, music, music, silence] as const;

/** Semitones of a scale, and of chords built on it. */
const SCALE = [0, 2, 4, 5, 7, 9, 11, 12] as const;
const CHORD = [0, 4, 7] as const;

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

/** Notes and chords of a scale with a bass and a drum: plucked, blown or bowed. */
function music(sound: Float32Array, random: Random): void {
  const rootHz = random.between(110, 330);
  const beatS = random.between(0.2, 0.6);
  const sustain = random.chance(0.5);
  const brightness = random.between(0.3, 1.2);
  const drums = random.chance(0.6);
  for (let at = 0; at < sound.length / SOUND_RATE_HZ; at += beatS) {
    const semitone = pick(SCALE, random);
    for (const step of random.chance(0.5) ? CHORD : [0]) {
      note(sound, { at, seconds: beatS * pick([1, 2, 3], random), hz: rootHz * 2 ** ((semitone + step) / 12), sustain, brightness });
    }
    if (random.chance(0.5)) {
      note(sound, { at, seconds: beatS * 2, hz: (rootHz / 2) * 2 ** (semitone / 12), sustain: false, brightness: 1.5 });
    }
    if (drums) {
      click(sound, { at: at + random.between(0, 0.005), peak: random.between(0.5, 3) }, random);
    }
  }
  let largest = 1e-6;
  for (const sample of sound) {
    largest = Math.max(largest, Math.abs(sample));
  }
  const scale = 10 ** (random.between(-30, -6) / 20) / largest;
  for (let i = 0; i < sound.length; i++) {
    sound[i]! *= scale;
  }
}

interface Note {
  readonly at: number;
  readonly seconds: number;
  readonly hz: number;
  readonly sustain: boolean;
  /** Power by which the harmonics fall. */
  readonly brightness: number;
}

function note(sound: Float32Array, { at, seconds, hz, sustain, brightness }: Note): void {
  const start = Math.round(at * SOUND_RATE_HZ);
  const length = Math.min(sound.length - start, Math.round(seconds * SOUND_RATE_HZ));
  for (let harmonic = 1; harmonic * hz < 6000 && harmonic <= 16; harmonic++) {
    const step = (2 * Math.PI * hz * harmonic) / SOUND_RATE_HZ;
    const size = 1 / harmonic ** brightness;
    for (let i = 0; i < length; i++) {
      const time = i / SOUND_RATE_HZ;
      const level = sustain ? Math.min(1, time / 0.05, (seconds - time) / 0.05) : Math.min(1, time / 0.004) * Math.exp(-time * (3 + harmonic));
      sound[start + i]! += size * level * Math.sin(step * i);
    }
  }
}
