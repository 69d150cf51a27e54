import type { Random } from '../../src/motion/random.ts';
import type { Utterance } from './synthetic-speech.ts';

/** Rate of all sound here. */
export const SOUND_RATE_HZ = 16_000;

/** Zero crossings of the resampling kernel on either side. */
const KERNEL_CROSSINGS = 12;

/** Kinds of noise by how their power falls with frequency. */
export const NOISES = ['white', 'pink', 'brown'] as const;

/** Returns the sound with `ratio` times as many samples (Hann-windowed sinc; band-limited when it gets shorter). */
export function resampled(samples: Float32Array, ratio: number): Float32Array {
  if (ratio === 1) {
    return samples;
  }
  const cutoff = Math.min(1, ratio);
  const reach = KERNEL_CROSSINGS / cutoff;
  return Float32Array.from({ length: Math.floor(samples.length * ratio) }, (_, i) => {
    const centre = i / ratio;
    let sum = 0;
    for (let at = Math.max(0, Math.ceil(centre - reach)); at <= Math.min(samples.length - 1, centre + reach); at++) {
      const x = (at - centre) * cutoff;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      sum += samples[at]! * cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / KERNEL_CROSSINGS));
    }
    return sum;
  });
}

/** Returns a second voice's version: played slower or faster, which moves pitch and formants as another head size does. */
export function asOtherSpeaker({ samples, segments }: Utterance, ratio: number): Utterance {
  return {
    samples: resampled(samples, ratio),
    segments: segments.map(({ start, end, visemes }) => ({ start: start * ratio, end: end * ratio, visemes })),
  };
}

/** Returns the utterance as another room and microphone would give it: level, tilt, noise, and silence around it. */
export function asRecorded({ samples, segments }: Utterance, random: Random): Utterance {
  const level = 10 ** (random.between(-34, -14) / 20) / loudness(samples);
  const beforeSamples = Math.round(random.between(0, 0.6) * SOUND_RATE_HZ);
  const sound = new Float32Array(beforeSamples + samples.length + 0.35 * SOUND_RATE_HZ);
  sound.set(tilted(samples, random.between(-5, 5)).map((sample) => sample * level), beforeSamples);
  if (random.chance(0.65)) {
    addNoise(sound, 10 ** (-random.between(12, 50) / 20) * loudness(samples) * level, random);
  }
  const delay = beforeSamples / SOUND_RATE_HZ;
  return {
    samples: sound,
    segments: segments.map(({ start, end, visemes }) => ({ start: start + delay, end: end + delay, visemes })),
  };
}

/** Returns a few seconds of noise without a voice: from the start, or switched on after silence, or swelling. */
export function noiseAlone(seconds: number, random: Random): Float32Array {
  const sound = new Float32Array(seconds * SOUND_RATE_HZ);
  addNoise(sound, 10 ** (random.between(-60, -12) / 20), random);
  const silentSamples = Math.round(random.between(-1, 1.5) * SOUND_RATE_HZ);
  const rampSamples = random.chance(0.3) ? 0.5 * SOUND_RATE_HZ : 1;
  return sound.map((sample, i) => sample * Math.min(1, Math.max(0, (i - silentSamples) / rampSamples)));
}

/** Adds noise of a kind chosen at random, of the given root mean square. */
function addNoise(sound: Float32Array, rms: number, random: Random): void {
  const kind = NOISES[Math.floor(random.between(0, NOISES.length))]!;
  const noise = new Float32Array(sound.length);
  let slow = 0;
  let slower = 0;
  for (let i = 0; i < noise.length; i++) {
    const white = random.nearZero();
    slow += (white - slow) * 0.25;
    slower += (white - slower) * 0.02;
    noise[i] = { white, pink: 0.2 * white + slow + 4 * slower, brown: slower }[kind];
  }
  const scale = rms / Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / noise.length);
  for (let i = 0; i < sound.length; i++) {
    sound[i] = Math.max(-1, Math.min(1, sound[i]! + scale * noise[i]!));
  }
}

/** Raises what is over 1 kHz and lowers what is under it by half of `db` each. */
function tilted(samples: Float32Array, db: number): Float32Array {
  const pass = 1 - Math.exp((-2 * Math.PI * 1000) / SOUND_RATE_HZ);
  const gain = 10 ** (db / 40);
  let low = 0;
  return samples.map((sample) => {
    low += (sample - low) * pass;
    return low / gain + (sample - low) * gain;
  });
}

/** Root mean square of the samples that are not near-silence. */
function loudness(samples: Float32Array): number {
  const largest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-9);
  let sum = 0;
  let count = 1;
  for (const sample of samples) {
    if (Math.abs(sample) > 0.01 * largest) {
      sum += sample * sample;
      count += 1;
    }
  }
  return Math.sqrt(sum / count) + 1e-9;
}
