import type { Random } from '../../../src/motion/random.ts';
import { addMusic } from './instrumental-music.ts';
import { resampled, SOUND_RATE_HZ } from './resampled.ts';
import { pick } from './sentence-generator.ts';
import type { Utterance } from './speech-engines.ts';

/** Kinds of noise by how their power falls with frequency. */
const NOISES = ['white', 'pink', 'brown'] as const;

/** Delays of the reverberation's feedback combs, in samples: no two have a common divisor. */
const COMBS = [601, 697, 809, 907] as const;

/** Returns a second voice's version: played slower or faster, which moves pitch and formants as another head size does. */
export function asOtherSpeaker({ samples, segments }: Utterance, ratio: number): Utterance {
  return {
    samples: resampled(samples, ratio),
    segments: segments.map(({ start, end, phone }) => ({ start: start * ratio, end: end * ratio, phone })),
  };
}

/** How the tongue of many speakers lies otherwise than the engines': u and o forward, l back. Where to take away, and where to add instead, in hertz. */
const TONGUES = [
  { phones: new Set(['uw', 'uh', 'ow', 'o']), share: 0.35, from: [750, 1050], to: [1250, 1900] },
  { phones: new Set(['l']), share: 0.4, from: [1300, 2000], to: [700, 1050] },
] as const;

/** Sounds pass into their altered selves within so much. */
const TONGUE_RAMP_S = 0.03;

/** Returns the utterance with the second formants of some sounds moved, as other speakers say them; often as it is. */
export function withOtherTongue({ samples, segments }: Utterance, random: Random): Utterance {
  const sound = new Float32Array(samples);
  for (const { phones, share, from, to } of TONGUES) {
    if (!random.chance(share)) {
      continue;
    }
    const altered = new Float32Array(samples);
    peaking(altered, { hz: random.between(from[0], from[1]), db: random.between(-14, -6), q: 1.5 });
    peaking(altered, { hz: random.between(to[0], to[1]), db: random.between(6, 14), q: 2.5 });
    for (const { start, end, phone } of segments) {
      if (phones.has(phone)) {
        passInto(sound, altered, start, end);
      }
    }
  }
  return { samples: sound, segments };
}

/** Replaces a sound by another between two moments in seconds, in place. */
function passInto(sound: Float32Array, other: Float32Array, startS: number, endS: number): void {
  const ramp = TONGUE_RAMP_S * SOUND_RATE_HZ;
  const [start, end] = [startS * SOUND_RATE_HZ, endS * SOUND_RATE_HZ];
  for (let i = Math.max(0, Math.ceil(start - ramp)); i < Math.min(sound.length, end + ramp); i++) {
    const part = Math.max(0, Math.min(1, (i - start + ramp) / ramp, (end + ramp - i) / ramp));
    sound[i]! += part * (other[i]! - sound[i]!);
  }
}

/** Seconds in which a compressor's gain falls and recovers. */
const COMPRESSOR_S = { attack: 0.004, release: 0.12 } as const;

/** Returns the utterance as another room, microphone and line would give it, with silence around it. `others` may be heard behind it. */
export function asRecorded({ samples, segments }: Utterance, random: Random, others: readonly Float32Array[]): Utterance {
  const before = Math.round(random.between(0, 0.7) * SOUND_RATE_HZ);
  let sound = new Float32Array(before + samples.length + Math.round(random.between(0.3, 0.7) * SOUND_RATE_HZ));
  sound.set(samples, before);
  sound = equalised(sound, random);
  if (random.chance(0.4)) {
    reverberate(sound, random);
  }
  const level = 10 ** (random.between(-36, -12) / 20) / loudness(sound);
  for (let i = 0; i < sound.length; i++) {
    sound[i]! *= level;
  }
  if (random.chance(0.35)) {
    compress(sound, random.between(0.2, 0.6));
  }
  if (random.chance(0.1)) {
    const music = new Float32Array(sound.length);
    addMusic(music, random);
    addBehind(sound, music, 10 ** (-random.between(8, 28) / 20) * loudness(sound));
  }
  if (random.chance(0.65)) {
    addNoise(sound, 10 ** (-random.between(6, 45) / 20) * loudness(sound), random);
  }
  if (others.length > 0 && random.chance(0.12)) {
    addBehind(sound, pick(others, random), 10 ** (-random.between(15, 30) / 20) * loudness(sound));
  }
  if (random.chance(0.25)) {
    limitBand(sound, random);
  }
  if (random.chance(0.15)) {
    roughen(sound);
  }
  const delay = before / SOUND_RATE_HZ;
  return { samples: sound, segments: segments.map(({ start, end, phone }) => ({ start: start + delay, end: end + delay, phone })) };
}

/** Evens out loudness in place, as broadcasters and calls do: `strength` 0 leaves it, 1 makes all equally loud. */
function compress(sound: Float32Array, strength: number): void {
  const usual = loudness(sound);
  const attack = 1 - Math.exp(-1 / (COMPRESSOR_S.attack * SOUND_RATE_HZ));
  const release = 1 - Math.exp(-1 / (COMPRESSOR_S.release * SOUND_RATE_HZ));
  let envelope = usual;
  for (let i = 0; i < sound.length; i++) {
    const size = Math.abs(sound[i]!);
    envelope += (size - envelope) * (size > envelope ? attack : release);
    sound[i]! *= Math.min(4, (usual / (envelope + 0.03 * usual)) ** strength);
  }
}

/** Adds noise of a kind chosen at random, of the given root mean square. */
export function addNoise(sound: Float32Array, rms: number, random: Random): void {
  const kind = pick(NOISES, random);
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

/** Returns the sound through a tilt about 1 kHz and two resonances, as microphones and rooms have them. */
function equalised(sound: Float32Array, random: Random): Float32Array<ArrayBuffer> {
  const pass = 1 - Math.exp((-2 * Math.PI * 1000) / SOUND_RATE_HZ);
  const gain = 10 ** (random.between(-6, 6) / 40);
  let low = 0;
  const tilted = sound.map((sample) => {
    low += (sample - low) * pass;
    return low / gain + (sample - low) * gain;
  });
  for (let peak = 0; peak < 2; peak++) {
    peaking(tilted, { hz: 200 * 25 ** random.next(), db: random.between(-7, 7), q: random.between(0.6, 2) });
  }
  return tilted;
}

/** Raises or lowers a band in place (peaking biquad of R. Bristow-Johnson's cookbook). */
function peaking(sound: Float32Array, band: { hz: number; db: number; q: number }): void {
  const w = (2 * Math.PI * band.hz) / SOUND_RATE_HZ;
  const alpha = Math.sin(w) / (2 * band.q);
  const gain = 10 ** (band.db / 40);
  biquad(sound, [1 + alpha * gain, -2 * Math.cos(w), 1 - alpha * gain], [1 + alpha / gain, -2 * Math.cos(w), 1 - alpha / gain]);
}

/** Filters in place. */
function biquad(sound: Float32Array, [b0, b1, b2]: readonly [number, number, number], [a0, a1, a2]: readonly [number, number, number]): void {
  let x1 = 0;
  let x2 = 0;
  let y1 = 0;
  let y2 = 0;
  for (let i = 0; i < sound.length; i++) {
    const x = sound[i]!;
    const y = (b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2) / a0;
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    sound[i] = y;
  }
}

/** Adds a room in place: four feedback combs at once (Schroeder 1962), decaying in 0.15 to 0.6 s, behind the direct sound. */
function reverberate(sound: Float32Array, random: Random): void {
  const decayS = random.between(0.15, 0.6);
  const size = random.between(0.7, 1.4);
  const wet = random.between(0.05, 0.35);
  const tail = new Float32Array(sound.length);
  for (const comb of COMBS) {
    const delay = Math.round(comb * size);
    const keep = 10 ** ((-3 * delay) / (decayS * SOUND_RATE_HZ));
    const line = new Float32Array(sound.length);
    for (let i = 0; i < sound.length; i++) {
      line[i] = i < delay ? 0 : sound[i - delay]! + keep * line[i - delay]!;
      tail[i]! += line[i]!;
    }
  }
  for (let i = 0; i < sound.length; i++) {
    sound[i]! += wet * tail[i]!;
  }
}

/** Takes away what a telephone or a cheap line does not carry, in place. */
function limitBand(sound: Float32Array, random: Random): void {
  const lowpass = (hz: number): void => {
    const w = (2 * Math.PI * hz) / SOUND_RATE_HZ;
    const alpha = Math.sin(w) / 1.4;
    const cos = Math.cos(w);
    biquad(sound, [(1 - cos) / 2, 1 - cos, (1 - cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]);
  };
  const highpass = (hz: number): void => {
    const w = (2 * Math.PI * hz) / SOUND_RATE_HZ;
    const alpha = Math.sin(w) / 1.4;
    const cos = Math.cos(w);
    biquad(sound, [(1 + cos) / 2, -1 - cos, (1 + cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]);
  };
  if (random.chance(0.6)) {
    const hz = random.between(3300, 5500);
    lowpass(hz);
    lowpass(hz);
  }
  if (random.chance(0.6)) {
    highpass(random.between(80, 320));
  }
}

/** Passes the sound through 8 bits of µ-law in place, as a telephone exchange does. */
function roughen(sound: Float32Array): void {
  for (let i = 0; i < sound.length; i++) {
    const size = Math.log1p(255 * Math.min(1, Math.abs(sound[i]!))) / Math.log(256);
    sound[i] = (Math.sign(sound[i]!) * (256 ** (Math.round(size * 127) / 127) - 1)) / 255;
  }
}

/** Adds another voice at the given level, in place. */
function addBehind(sound: Float32Array, other: Float32Array, rms: number): void {
  const scale = rms / loudness(other);
  for (let i = 0; i < sound.length; i++) {
    sound[i]! += scale * other[i % other.length]!;
  }
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
