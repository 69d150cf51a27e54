import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trackMouth } from './mouth-track.ts';
import type { ProbeSample } from './stream-probe.ts';

/** Six seconds at 25 frames a second: silence, three seconds of four syllables a second, silence. */
function makeSamples(openingOf: (speech: number, step: number) => number): ProbeSample[] {
  return Array.from({ length: 150 }, (_, step) => {
    const isSpeech = step >= 38 && step < 112;
    const syllable = isSpeech ? Math.sin(Math.PI * 4 * step / 25) ** 2 : 0;
    return { timeMs: step * 40, loudness: 0.1 * syllable, opening: openingOf(syllable, step) };
  });
}

test('a mouth that follows the voice is seen to open and close with it', () => {
  const track = trackMouth(makeSamples((speech) => 0.02 + 0.2 * speech));
  assert.ok(track.correlation > 0.95, `correlation ${track.correlation}`);
  assert.ok(track.openings >= 9 && track.openings <= 13, `${track.openings} openings`);
  assert.ok(track.openWhileLoud > 0.12 && track.openWhileQuiet < 0.03);
});

test('a mouth that lags by 120 ms still counts as following', () => {
  const spoken = makeSamples((speech) => speech);
  const track = trackMouth(spoken.map((sample, step) => ({ ...sample, opening: spoken[Math.max(0, step - 3)]!.opening })));
  assert.ok(track.correlation > 0.95, `correlation ${track.correlation}`);
});

test('a mouth that stays shut, stays open, or moves by itself does not count as following', () => {
  assert.equal(trackMouth(makeSamples(() => 0.02)).openings, 0);
  assert.ok(Math.abs(trackMouth(makeSamples(() => 0.3)).correlation) < 1e-6);
  const restless = trackMouth(makeSamples((_, step) => 0.1 + 0.1 * Math.sin(step / 2)));
  assert.ok(restless.correlation < 0.35, `correlation ${restless.correlation}`);
});

test('silence has no openings', () => {
  const track = trackMouth(makeSamples(() => 0).map((sample) => ({ ...sample, loudness: 0 })));
  assert.equal(track.loudest, 0);
  assert.equal(track.openings, 0);
});
