import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PitchFinder } from '../../src/motion/pitch-finder.ts';
import { melWindows, mixed, noise, RATE_HZ, realClip, scaled, silence } from './sound.ts';

/** The mel frames about a video frame's own time, and the pitch expected before any was heard (150 Hz). */
const NOW = [5, 8] as const;
const UNKNOWN = 13.2;

const semitones = (hz: number): number => 12 * Math.log2(hz / 70);

/** A vowel whose pitch glides: harmonics up to 3.4 kHz under resonances at 600 and 1200 Hz. */
function gliding(fromHz: number, toHz: number, { seconds = 2, lowestHz = 0 } = {}): Float32Array {
  const samples = silence(seconds);
  const near = (hz: number, centre: number): number => 1 / (1 + ((hz - centre) / 100) ** 2);
  let turns = 0;
  for (let i = 0; i < samples.length; i++) {
    const hz = fromHz * (toHz / fromHz) ** (i / samples.length);
    turns += hz / RATE_HZ;
    for (let harmonic = 1; harmonic * hz < 3400; harmonic++) {
      const at = harmonic * hz;
      samples[i]! += at < lowestHz ? 0 : (0.1 * (0.1 + near(at, 600) + near(at, 1200)) * Math.sin(2 * Math.PI * harmonic * turns)) / harmonic ** 0.5;
    }
  }
  return samples;
}

function pitches(samples: Float32Array, expected = UNKNOWN): (number | undefined)[] {
  const finder = new PitchFinder();
  return melWindows(samples).map((window) => finder.find(window, NOW, expected));
}

/** How far the pitch found is off a glide, in semitones, in the middle frames. */
function glideErrors(samples: Float32Array, fromHz: number, toHz: number): number[] {
  const found = pitches(samples, semitones(Math.sqrt(fromHz * toHz)));
  return found.slice(4, -5).map((pitch, i) => {
    const part = ((i + 4) * 0.04 * RATE_HZ) / samples.length;
    return Math.abs((pitch ?? Infinity) - semitones(fromHz * (toHz / fromHz) ** part));
  });
}

/** The pitch by the normalised correlation of 40 ms of sound with itself, in hertz; undefined where there is no clear one. */
function correlatedHz(samples: Float32Array, seconds: number): number | undefined {
  const length = 640;
  const start = Math.round(seconds * RATE_HZ) - length / 2 - 115;
  const likeness = Array.from({ length: 231 }, (_, lag) => {
    let [product, one, other] = [0, 1e-3, 1e-3];
    for (let i = Math.max(0, start); i < start + length && lag >= 38; i++) {
      const [a, b] = [samples[i] ?? 0, samples[i + lag] ?? 0];
      product += a * b;
      one += a * a;
      other += b * b;
    }
    return product / Math.sqrt(one * other);
  });
  const most = Math.max(...likeness);
  const lag = likeness.findIndex((value, i) => value > 0.9 * most && value >= (likeness[i - 1] ?? 1) && value >= (likeness[i + 1] ?? 1));
  const loud = samples.subarray(Math.max(0, start), Math.max(0, start + length)).reduce((sum, sample) => sum + sample * sample, 0) > length * 1e-4;
  return loud && most > 0.8 && lag > 0 ? RATE_HZ / lag : undefined;
}

test('the pitch of a gliding voice is found within a third of a semitone, low or high, rising or falling', () => {
  for (const [fromHz, toHz] of [[85, 150], [150, 95], [140, 260], [330, 180]] as const) {
    const errors = glideErrors(gliding(fromHz, toHz), fromHz, toHz).sort((a, b) => a - b);
    assert.ok(errors[Math.floor(errors.length / 2)]! < 0.15, `${fromHz} to ${toHz} Hz: median error ${errors[Math.floor(errors.length / 2)]} semitones`);
    assert.ok(errors[Math.floor(0.9 * errors.length)]! < 0.35, `${fromHz} to ${toHz} Hz: nine tenths within ${errors[Math.floor(0.9 * errors.length)]} semitones`);
  }
});

test('a soft voice, one over noise and one through a telephone, without its first harmonic, have the same pitch', () => {
  const voice = gliding(180, 240);
  for (const [name, sound] of [['soft', scaled(voice, -30)], ['noisy', mixed(voice, noise(2, -45))], ['telephone', gliding(180, 240, { lowestHz: 300 })]] as const) {
    const errors = glideErrors(sound, 180, 240).sort((a, b) => a - b);
    assert.ok(errors[Math.floor(0.9 * errors.length)]! < 0.5, `${name}: nine tenths within ${errors[Math.floor(0.9 * errors.length)]} semitones`);
  }
});

test('silence has no pitch, and noise seldom', () => {
  assert.ok(pitches(silence(1)).every((pitch) => pitch === undefined));
  const inNoise = pitches(noise(8, -20)).filter((pitch) => pitch !== undefined).length;
  assert.ok(inNoise < 0.25 * 200, `${inNoise} of 200 frames of noise`);
});

test('in real speech it is the pitch that the sound\'s own correlation shows', () => {
  const clips = ['001', '002', '003', '004'].map((name) => {
    const wav = readFileSync(new URL(`fixtures/cards/cards_${name}.wav`, import.meta.url));
    return new Float32Array((wav.length - 44) / 2).map((_, i) => wav.readInt16LE(44 + 2 * i) / 32768);
  });
  const errors: number[] = [];
  let voiced = 0;
  for (const samples of [...clips, realClip().samples]) {
    for (const [frame, pitch] of pitches(samples, semitones(110)).entries()) {
      const hz = correlatedHz(samples, frame * 0.04);
      voiced += hz === undefined ? 0 : 1;
      if (hz !== undefined && pitch !== undefined) {
        errors.push(Math.abs(pitch - semitones(hz)));
      }
    }
  }
  errors.sort((a, b) => a - b);
  assert.ok(voiced >= 40 && errors.length > 0.75 * voiced, `${errors.length} of ${voiced} voiced frames`);
  assert.ok(errors[Math.floor(errors.length / 2)]! < 0.2, `median error ${errors[Math.floor(errors.length / 2)]} semitones`);
  assert.ok(errors.filter((error) => error > 3).length <= 0.08 * errors.length, `gross errors: ${errors.slice(-5).join(', ')}`);
});
