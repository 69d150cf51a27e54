import type { Random } from '../../../src/motion/random.ts';
import type { Segment } from './articulation.ts';
import { SOUND_RATE_HZ } from './resampled.ts';
import { pick } from './sentence-generator.ts';
import type { Utterance } from './speech-engines.ts';

/** The first three formants of a man's vowels in hertz, about those of Peterson and Barney (1952). */
const VOWELS: Readonly<Record<string, readonly [number, number, number]>> = {
  aa: [730, 1090, 2440], ae: [660, 1720, 2410], ah: [640, 1190, 2390], eh: [530, 1840, 2480], iy: [270, 2290, 3010], ih: [390, 1990, 2550],
  uw: [300, 870, 2240], uh: [440, 1020, 2240], ao: [570, 840, 2410], o: [450, 800, 2400], er: [490, 1350, 1690],
};

/** How strong each formant is, and how wide in hertz. */
const STRENGTHS = [1, 0.55, 0.25] as const;
const WIDTHS = [80, 110, 170] as const;

/** Formants and pitch are renewed this often, in samples. */
const STEP = 80;

const HIGHEST_HZ = 5000;

/** One throat: how its formants lie against a man's, its usual pitch, and how steady it is. */
interface Throat {
  readonly scale: number;
  readonly pitchHz: number;
  /** Power by which its harmonics fall. */
  readonly fall: number;
  /** Parts of the pitch by which it wanders and trembles. */
  readonly wander: number;
  readonly tremble: number;
}

/** Holds one to four vowels, as in hesitation, calling or singing: steady like an instrument, and yet a voice. */
export function holdVowels(random: Random): Utterance {
  const scale = random.between(0.92, 1.3);
  const throat: Throat = {
    scale, pitchHz: random.between(85, 140) * scale ** 2.5, fall: random.between(0.3, 1.1), wander: random.between(0, 0.02), tremble: random.chance(0.4) ? random.between(0, 0.03) : 0,
  };
  const segments: Segment[] = [];
  let end = 0;
  const hold = (seconds: number, phone: string): void => {
    segments.push({ start: end, end: end + seconds, phone });
    end += seconds;
  };
  for (let i = 0; i < Math.floor(random.between(1, 5)); i++) {
    hold(random.between(0.2, 1.4), pick(Object.keys(VOWELS), random));
    if (random.chance(0.5)) {
      hold(random.between(0.08, 0.4), 'sil');
    }
  }
  return { samples: voiced(segments, throat, random), segments };
}

function voiced(segments: readonly Segment[], throat: Throat, random: Random): Float32Array {
  const sound = new Float32Array(Math.round((segments.at(-1)?.end ?? 0) * SOUND_RATE_HZ));
  const formants = new Float32Array(3);
  const sizes = new Float32Array(Math.ceil(HIGHEST_HZ / 60));
  let loudness = 0;
  let drift = 0;
  let phase = 0;
  for (let start = 0; start < sound.length; start += STEP) {
    const time = start / SOUND_RATE_HZ;
    const phone = segments.find((segment) => time < segment.end)?.phone ?? 'sil';
    const wanted = VOWELS[phone];
    loudness += ((wanted === undefined ? 0 : 1) - loudness) * 0.2;
    wanted?.forEach((hz, i) => { formants[i]! += (hz * throat.scale - formants[i]!) * (formants[i] === 0 ? 1 : 0.15); });
    drift = 0.98 * drift + throat.wander * 0.3 * random.nearZero();
    const pitchHz = throat.pitchHz * (1 + drift + throat.tremble * Math.sin(34 * time));
    const count = Math.min(sizes.length, Math.floor(HIGHEST_HZ / pitchHz));
    for (let harmonic = 1; harmonic <= count; harmonic++) {
      sizes[harmonic - 1] = 0.1 * loudness * heard(harmonic * pitchHz, formants) / harmonic ** throat.fall;
    }
    for (let i = start; i < Math.min(sound.length, start + STEP); i++) {
      phase += (2 * Math.PI * pitchHz) / SOUND_RATE_HZ;
      for (let harmonic = 1; harmonic <= count; harmonic++) {
        sound[i]! += sizes[harmonic - 1]! * Math.sin(harmonic * phase);
      }
      sound[i]! += 0.002 * loudness * random.nearZero();
    }
  }
  return sound;
}

/** How much of a frequency the mouth lets out. */
function heard(hz: number, formants: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < 3; i++) {
    sum += STRENGTHS[i]! / (1 + ((hz - formants[i]!) / WIDTHS[i]!) ** 2);
  }
  return sum;
}
