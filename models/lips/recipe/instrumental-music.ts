import type { Random } from '../../../src/motion/random.ts';
import { SOUND_RATE_HZ } from './resampled.ts';
import { pick } from './sentence-generator.ts';

/** How the notes of an instrument begin and end: struck ones die away, held ones stay while they last. */
interface Instrument {
  /** Seconds from silence to full. */
  readonly attackS: number;
  /** Decay per second of the first harmonic, and what each further one adds; 0 and 0 are held. */
  readonly decay: number;
  readonly decayPerHarmonic: number;
  /** Power by which the harmonics fall, and how many there are. */
  readonly brightness: number;
  readonly harmonics: number;
  /** How far harmonics are stretched, as in bells and stiff strings. */
  readonly stretch: number;
  /** Depth of vibrato in parts of the pitch, at 5 Hz. */
  readonly vibrato: number;
}

interface Note {
  readonly at: number;
  readonly seconds: number;
  readonly hz: number;
}

/** Semitones of scales, and chords built on a root. */
const SCALES = [[0, 2, 4, 5, 7, 9, 11, 12], [0, 2, 3, 5, 7, 8, 10, 12], [0, 2, 4, 7, 9, 12]] as const;
const CHORDS = [[0, 4, 7], [0, 3, 7], [0, 4, 7, 12], [-12, 0, 4, 7], [0, 7], [0]] as const;

/** Lets something start at every so many seconds for as long as the sound lasts. */
function everyBeat(sound: Float32Array, beatS: number, play: (at: number, index: number) => void): void {
  for (let at = 0, index = 0; at < sound.length / SOUND_RATE_HZ; at += beatS, index++) {
    play(at, index);
  }
}

/** Adds music without a voice: a tune in chords or broken ones, over a bass, drums or held chords, each by chance. */
export function addMusic(sound: Float32Array, random: Random): void {
  const rootHz = random.between(90, 400);
  const beatS = random.between(0.15, 0.8);
  const scale = pick(SCALES, random);
  const lead = instrument(random);
  const chords = random.chance(0.6);
  const broken = random.chance(0.3);
  const pitched = (semitone: number): number => rootHz * 2 ** (semitone / 12);
  everyBeat(sound, beatS, (at, index) => {
    const semitone = pick(scale, random);
    const chord = chords ? pick(CHORDS, random) : [0];
    const played = broken ? [chord[index % chord.length] ?? 0] : chord;
    for (const step of random.chance(0.9) ? played : []) {
      addNote(sound, { at, seconds: beatS * pick([1, 2, 3], random), hz: pitched(semitone + step) }, lead);
    }
  });
  accompany(sound, { beatS, pitched }, random);
}

function accompany(sound: Float32Array, { beatS, pitched }: { beatS: number; pitched: (semitone: number) => number }, random: Random): void {
  if (random.chance(0.4)) {
    const bass = instrument(random);
    everyBeat(sound, beatS * 2, (at) => { addNote(sound, { at, seconds: beatS * 2, hz: pitched(pick([-12, -5, -7], random)) }, bass); });
  }
  if (random.chance(0.3)) {
    const pad: Instrument = { attackS: random.between(0.1, 0.5), decay: 0, decayPerHarmonic: 0, brightness: random.between(0.8, 2), harmonics: 12, stretch: 0, vibrato: 0.004 };
    everyBeat(sound, beatS * 8, (at) => {
      for (const step of pick(CHORDS, random)) {
        addNote(sound, { at, seconds: beatS * 8, hz: pitched(step) * random.between(0.997, 1.003) }, pad);
      }
    });
  }
  if (random.chance(0.5)) {
    everyBeat(sound, beatS / 2, (at, index) => { addDrum(sound, { at, index }, random); });
  }
}

/** Any of plucked, struck, bowed, blown and organ-like. */
function instrument(random: Random): Instrument {
  const held = random.chance(0.4);
  return {
    attackS: held ? random.between(0.01, 0.15) : random.between(0, 0.008),
    decay: held ? 0 : random.between(0.7, 6),
    decayPerHarmonic: held ? 0 : random.between(0.2, 2),
    brightness: random.between(0.4, 2),
    harmonics: Math.floor(random.between(2, 20)),
    stretch: random.chance(0.25) ? random.between(0, 0.02) : 0,
    vibrato: held && random.chance(0.5) ? random.between(0, 0.012) : 0,
  };
}

function addNote(sound: Float32Array, { at, seconds, hz }: Note, played: Instrument): void {
  const start = Math.round(at * SOUND_RATE_HZ);
  const length = Math.min(sound.length - start, Math.round(seconds * SOUND_RATE_HZ));
  for (let harmonic = 1; harmonic <= played.harmonics; harmonic++) {
    const partialHz = hz * harmonic * (1 + played.stretch * harmonic ** 2);
    if (partialHz > 7000) {
      break;
    }
    const size = harmonic ** -played.brightness;
    const fade = played.decay + played.decayPerHarmonic * harmonic;
    for (let i = 0; i < length; i++) {
      const time = i / SOUND_RATE_HZ;
      const level = Math.min(1, time / (played.attackS + 1e-4), (seconds - time) / 0.03) * (fade === 0 ? 1 : Math.exp(-time * fade));
      const wobble = played.vibrato === 0 ? 0 : (played.vibrato * partialHz * Math.sin(31.4 * time)) / 5;
      sound[start + i]! += size * level * Math.sin(2 * Math.PI * partialHz * time + wobble);
    }
  }
}

/** A bass drum on the beat, a snare on every other one, a cymbal between. */
function addDrum(sound: Float32Array, { at, index }: { at: number; index: number }, random: Random): void {
  const start = Math.round(at * SOUND_RATE_HZ);
  const kind = index % 4 === 0 ? 'bass' : index % 4 === 2 ? 'snare' : 'cymbal';
  const { fadeS, tone, hiss } = { bass: { fadeS: 0.1, tone: 2, hiss: 0.1 }, snare: { fadeS: 0.07, tone: 0.5, hiss: 1.2 }, cymbal: { fadeS: 0.03, tone: 0, hiss: 0.5 } }[kind];
  let last = 0;
  for (let i = 0; i < 5 * fadeS * SOUND_RATE_HZ && start + i < sound.length; i++) {
    const time = i / SOUND_RATE_HZ;
    const white = random.nearZero();
    // A cymbal has no lows: the difference of its noise.
    const noise = kind === 'cymbal' ? white - last : white;
    last = white;
    sound[start + i]! += Math.exp(-time / fadeS) * (tone * Math.sin(2 * Math.PI * (60 * time + 4 * (1 - Math.exp(-time / 0.03)))) + hiss * noise);
  }
}
