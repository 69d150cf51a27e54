import { Random } from '../../src/motion/random.ts';

const RATE_HZ = 16_000;
const SECONDS = 5;
const LEVEL_DBFS = -20;

/** Sounds without a voice over which the mouth must stay shut, five seconds each at −20 dBFS: a second of quiet first, as in a room. */
export function quietSounds(): Readonly<Record<string, Float32Array>> {
  return { noise: whiteNoise(), keys: keys(), music: music() };
}

function whiteNoise(): Float32Array {
  const random = new Random(11);
  return atLevel(filled(() => random.between(-1, 1)));
}

/** A key every 0.18 to 0.4 s: a click of 4 ms and its release. The peaks are at −20 dBFS, not the mean of click and pause. */
function keys(): Float32Array {
  const random = new Random(12);
  const sound = filled(() => 0);
  for (let at = RATE_HZ; at < sound.length; at += Math.round(random.between(0.18, 0.4) * RATE_HZ)) {
    for (const [delay, size] of [[0, 1], [1200, 0.4]] as const) {
      for (let i = 0; i < 300 && at + delay + i < sound.length; i++) {
        sound[at + delay + i]! += size * 0.1 * Math.exp(-i / 60) * random.between(-1, 1);
      }
    }
  }
  return sound;
}

/** A tune of plucked triads over a bass, 100 beats a minute. */
function music(): Float32Array {
  const random = new Random(13);
  const sound = filled(() => 0);
  const beat = Math.round(0.6 * RATE_HZ);
  for (let start = RATE_HZ; start < sound.length; start += beat) {
    const root = 196 * 2 ** ([0, 2, 4, 5, 7, 9][Math.floor(random.between(0, 6))]! / 12);
    for (const hz of [root / 2, root, root * 1.26, root * 1.5]) {
      pluck(sound, { start, length: 2 * beat, hz });
    }
  }
  return atLevel(sound);
}

function pluck(sound: Float32Array, { start, length, hz }: { start: number; length: number; hz: number }): void {
  for (let i = 0; i < length && start + i < sound.length; i++) {
    for (let harmonic = 1; harmonic <= 5; harmonic++) {
      sound[start + i]! += (Math.exp((-i * (2 + harmonic)) / RATE_HZ) / harmonic) * Math.sin((2 * Math.PI * hz * harmonic * i) / RATE_HZ);
    }
  }
}

function filled(value: () => number): Float32Array {
  return Float32Array.from({ length: SECONDS * RATE_HZ }, (_, i) => (i < RATE_HZ ? 0 : value()));
}

/** Scales what follows the first second to the level (root mean square). */
function atLevel(sound: Float32Array): Float32Array {
  const loud = sound.subarray(RATE_HZ);
  const rms = Math.sqrt(loud.reduce((sum, value) => sum + value * value, 0) / loud.length);
  return sound.map((value) => (value * 10 ** (LEVEL_DBFS / 20)) / rms);
}
