import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MelStream } from '../../src/audio/mel-stream.ts';
import type { MelWindow } from '../../src/base/mel-window.ts';
import { Random } from '../../src/motion/random.ts';

export const RATE_HZ = 16_000;

/** Returns the mel windows of a clip, one per video frame. */
export function melWindows(samples: Float32Array): MelWindow[] {
  const stream = new MelStream({ maxWaitingWindows: 100_000 });
  stream.push(samples);
  stream.flush();
  const windows: MelWindow[] = [];
  for (let window = stream.take(); window !== undefined; window = stream.take()) {
    windows.push(window);
  }
  return windows;
}

export function silence(seconds: number): Float32Array {
  return new Float32Array(Math.round(seconds * RATE_HZ));
}

/** White noise with the given level, relative to a full-scale square wave. */
export function noise(seconds: number, levelDbfs: number, seed = 1): Float32Array {
  const random = new Random(seed);
  const peak = Math.sqrt(3) * 10 ** (levelDbfs / 20);
  return silence(seconds).map(() => random.between(-peak, peak));
}

/** A crude vowel: harmonics of 120 Hz under resonances at F1 and F2. */
export function vowel(seconds: number, firstHz: number, secondHz: number): Float32Array {
  const samples = silence(seconds);
  for (let harmonic = 1; harmonic * 120 < 4000; harmonic++) {
    const hz = harmonic * 120;
    const near = (centre: number, width: number): number => 1 / (1 + ((hz - centre) / width) ** 2);
    const size = (0.1 * (near(firstHz, 90) + 0.5 * near(secondHz, 120) + 0.15 * near(2600, 200))) / Math.sqrt(harmonic);
    for (let i = 0; i < samples.length; i++) {
      samples[i]! += size * Math.sin((2 * Math.PI * hz * i) / RATE_HZ);
    }
  }
  return samples;
}

export function joined(...parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** One phone of the clip, in seconds. */
export interface Phone {
  readonly t0: number;
  readonly t1: number;
  readonly ph: string;
}

/** The real clip of fixtures/SOURCE.md. */
export function realClip(): { samples: Float32Array; phones: readonly Phone[] } {
  const wav = readFileSync(new URL('fixtures/eight-of-spades.wav', import.meta.url));
  const samples = new Float32Array((wav.length - 44) / 2).map((_, i) => wav.readInt16LE(44 + 2 * i) / 32768);
  const { phones } = JSON.parse(readFileSync(new URL('fixtures/eight-of-spades.json', import.meta.url), 'utf8')) as { phones: readonly Phone[] };
  return { samples, phones };
}

/** Returns sound made louder or softer. */
export function scaled(samples: Float32Array, db: number): Float32Array {
  return samples.map((sample) => sample * 10 ** (db / 20));
}

/** Returns two sounds of the same length at once. */
export function mixed(one: Float32Array, other: Float32Array): Float32Array {
  return one.map((sample, i) => sample + other[i]!);
}

/** Returns the first phone of that name. */
export function phoneOf(phones: readonly Phone[], name: string): Phone {
  const phone = phones.find(({ ph }) => ph === name);
  assert.ok(phone !== undefined);
  return phone;
}
