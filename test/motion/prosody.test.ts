import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prosody } from '../../src/motion/prosody.ts';
import { joined, melWindows, noise, RATE_HZ, realClip, scaled, silence } from './sound.ts';

type Heard = Pick<Prosody, 'energy' | 'pitch' | 'overUsualDb' | 'accent' | 'speaking' | 'phraseEnded'>;

/** A vowel whose pitch follows the semitones over 120 Hz · 2^octaves given for each moment in seconds. */
function sung(seconds: number, semitonesAt: (seconds: number) => number, { octaves = 0, loudness = (): number => 1 }: { octaves?: number; loudness?: (seconds: number) => number } = {}): Float32Array {
  const samples = silence(seconds);
  let turns = 0;
  for (let i = 0; i < samples.length; i++) {
    const hz = 120 * 2 ** (octaves + semitonesAt(i / RATE_HZ) / 12);
    turns += hz / RATE_HZ;
    for (let harmonic = 1; harmonic * hz < 3400; harmonic++) {
      samples[i]! += (0.1 * loudness(i / RATE_HZ) * Math.sin(2 * Math.PI * harmonic * turns)) / Math.sqrt(harmonic);
    }
  }
  return samples;
}

/** Syllables, four a second. */
const inSyllables = (seconds: number): number => 0.1 + 0.9 * Math.sin(4 * Math.PI * seconds) ** 2;

function hear(samples: Float32Array): Heard[] {
  const prosody = new Prosody();
  return melWindows(samples).map((window) => {
    prosody.update(window);
    const { energy, pitch, overUsualDb, accent, speaking, phraseEnded } = prosody;
    return { energy, pitch, overUsualDb, accent, speaking, phraseEnded };
  });
}

test('a sentence between silences is one phrase, found where it is', () => {
  const { samples } = realClip();
  const frames = hear(joined(silence(1), samples, silence(1)));
  const starts = frames.flatMap(({ speaking }, i) => (speaking && !frames[i - 1]!.speaking ? [i] : []));
  assert.equal(starts.length, frames.filter((frame) => frame.phraseEnded).length);
  const start = starts[0]! * 0.04;
  const end = frames.findLastIndex((frame) => frame.phraseEnded) * 0.04;
  assert.ok(Math.abs(start - 1.19) < 0.12, `started at ${start} s`);
  assert.ok(end > 4.1 && end < 4.6, `ended at ${end} s`);
});

test('stress is found on some syllables: one to four a second, never in silence', () => {
  const { samples } = realClip();
  const frames = hear(joined(silence(1), samples, samples, silence(1)));
  const accents = frames.flatMap((frame, i) => (frame.accent > 0 ? [i * 0.04] : []));
  assert.ok(accents.length >= 5 && accents.length <= 28, `${accents.length} accents in 7 s`);
  assert.ok(accents.every((seconds) => seconds > 1 && seconds < 8));
  assert.ok(frames.every((frame) => frame.energy >= 0 && frame.energy <= 1 && frame.accent <= 1));
});

test('silence and steady noise are no voice', () => {
  assert.ok(hear(silence(2)).every((frame) => !frame.speaking && frame.energy === 0));
  assert.ok(hear(noise(6, -30)).slice(100).every((frame) => !frame.speaking));
});

test('pitch is told over the voice\'s usual one, so that a low voice and a high one with the same tune sound alike', () => {
  // One second of getting used to the voice, then two seconds that rise by four semitones and fall again.
  const tune = (seconds: number): number => (seconds < 1 ? 0 : 4 * Math.sin((Math.PI * (seconds - 1)) / 2));
  for (const octaves of [-0.2, 0, 0.9]) {
    const heard = hear(sung(3, tune, { octaves, loudness: inSyllables }));
    const between = (from: number, to: number): number[] => heard.slice(from, to).flatMap(({ pitch }) => (pitch === undefined ? [] : [pitch]));
    const [early, top, late] = [between(12, 22), between(44, 56), between(68, 73)];
    assert.ok(early.length >= 5 && early.every((pitch) => Math.abs(pitch) < 1), `${octaves} octaves: at first ${early.join(', ')}`);
    assert.ok(top.length >= 6 && top.every((pitch) => pitch > 2 && pitch < 4.5), `${octaves} octaves: at the top ${top.join(', ')}`);
    assert.ok(late.length > 0 && late.every((pitch) => pitch < Math.min(...top)), `${octaves} octaves: at the end ${late.join(', ')}`);
  }
});

test('another voice is told from a raised one, and its own pitch known within two seconds', () => {
  const tune = (seconds: number): number => Math.sin(3 * seconds) + (seconds > 4 ? 10 : 0);
  const heard = hear(sung(8, tune, { loudness: inSyllables }));
  const late = heard.slice(150).flatMap(({ pitch }) => (pitch === undefined ? [] : [pitch]));
  assert.ok(late.length > 20 && late.every((pitch) => Math.abs(pitch) < 3), `two seconds after it began ${late.join(', ')}`);
  // Half a second of a raised voice is still that.
  const raised = hear(sung(6, (seconds) => (seconds > 4 && seconds < 4.4 ? 8 : 0), { loudness: inSyllables })).slice(120);
  assert.ok(raised.every(({ pitch }) => Math.abs(pitch ?? 0) < 1.5), `after a raised word ${raised.map(({ pitch }) => pitch).join(', ')}`);
});

test('no pitch is heard in silence and in sounds without voice', () => {
  const hiss = joined(silence(1), noise(0.3, -30), silence(0.4), noise(0.3, -25), silence(0.4), noise(0.2, -20));
  const heard = hear(hiss).filter(({ pitch }) => pitch !== undefined).length;
  assert.ok(heard <= 4, `${heard} frames with a pitch in ${hear(hiss).length}`);
});

test('a rise of pitch alone stresses a syllable', () => {
  const frames = hear(sung(8, (seconds) => (Math.floor(4 * seconds) % 4 === 0 ? 5 : 0), { loudness: inSyllables }));
  const stress = (isRaised: boolean): number =>
    frames.slice(50).reduce((sum, { accent }, i) => sum + ((Math.floor((i + 50) * 0.16) % 4 === 0) === isRaised ? accent : 0), 0);
  // One syllable of four is raised.
  assert.ok(stress(true) > 0.8 * stress(false), `stress of ${stress(true)} on the raised syllables, ${stress(false)} on all others`);
});

test('a voice that becomes louder is over its usual level, by less the longer it stays so', () => {
  const { samples } = realClip();
  const soft = scaled(samples, -12);
  const levels = hear(joined(soft, soft, soft, ...Array.from({ length: 6 }, () => samples))).map(({ overUsualDb }) => overUsualDb);
  const clip = Math.floor(samples.length / RATE_HZ / 0.04);
  const most = (index: number): number => Math.max(...levels.slice(index * clip, (index + 1) * clip));
  assert.ok(most(3) > most(2) + 5 && most(8) < most(3) - 2, `most in each clip: ${Array.from({ length: 9 }, (_, i) => most(i).toFixed(1)).join(', ')} dB`);
});

test('reset ends the phrase without saying that it ended', () => {
  const prosody = new Prosody();
  for (const window of melWindows(realClip().samples).slice(0, 20)) {
    prosody.update(window);
  }
  const before = prosody.speaking;
  prosody.reset();
  assert.deepEqual([before, prosody.speaking, prosody.phraseEnded, prosody.energy], [true, false, false, 0]);
});
