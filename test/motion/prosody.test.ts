import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prosody } from '../../src/motion/prosody.ts';
import { joined, melWindows, noise, realClip, silence } from './sound.ts';

interface Heard {
  readonly energy: number;
  readonly accent: number;
  readonly speaking: boolean;
  readonly phraseStarted: boolean;
  readonly phraseEnded: boolean;
}

function hear(samples: Float32Array): Heard[] {
  const prosody = new Prosody();
  return melWindows(samples).map((window) => {
    prosody.update(window);
    const { energy, accent, speaking, phraseStarted, phraseEnded } = prosody;
    return { energy, accent, speaking, phraseStarted, phraseEnded };
  });
}

test('a sentence between silences is one phrase, found where it is', () => {
  const { samples } = realClip();
  const frames = hear(joined(silence(1), samples, silence(1)));
  assert.equal(frames.filter((frame) => frame.phraseStarted).length, frames.filter((frame) => frame.phraseEnded).length);
  const start = frames.findIndex((frame) => frame.phraseStarted) * 0.04;
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

test('reset ends the phrase without saying that it ended', () => {
  const prosody = new Prosody();
  for (const window of melWindows(realClip().samples).slice(0, 20)) {
    prosody.update(window);
  }
  const before = prosody.speaking;
  prosody.reset();
  assert.deepEqual([before, prosody.speaking, prosody.phraseEnded, prosody.energy], [true, false, false, 0]);
});
