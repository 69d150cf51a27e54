import assert from 'node:assert/strict';
import { test } from 'node:test';
import { melToDb, SpeechLevel } from '../../src/motion/speech-level.ts';
import { joined, melWindows, noise, realClip, scaled, silence } from './sound.ts';

function heard(samples: Float32Array): SpeechLevel {
  const level = new SpeechLevel();
  for (const window of melWindows(samples)) {
    level.update(window);
  }
  return level;
}

test('mel values are turned back to dB', () => {
  assert.equal(melToDb(-4), -100);
  assert.equal(melToDb(4), 0);
});

test('silence is nothing relative to the voice', () => {
  assert.ok(heard(silence(1)).relative.every((value) => value === 0));
});

test('the level follows the voice: 10 dB softer is found 10 dB lower, within 3 dB', () => {
  const { samples } = realClip();
  const levels = [0, -10].map((db) => heard(joined(scaled(samples, db), scaled(samples, db))).levelDb);
  assert.ok(Math.abs(levels[0]! - levels[1]! - 10) < 3, levels.join(', '));
});

test('steady noise is nothing after a few seconds, also when it starts all at once', () => {
  for (const samples of [noise(6, -30), joined(silence(1), noise(6, -30))]) {
    const level = heard(samples);
    const mean = level.relative.reduce((sum, value) => sum + value, 0) / level.relative.length;
    assert.ok(mean < 0.1, `mean ${mean}`);
  }
});

test('the noise is measured under the voice, not from it', () => {
  const { samples } = realClip();
  const level = heard(joined(noise(1, -60), samples, noise(0.5, -60)));
  assert.ok(level.levelDb - level.noiseDb > 25, `voice ${level.levelDb} dB, noise ${level.noiseDb} dB`);
});

test('relative values stay within 0..2 for any mel window', () => {
  const level = new SpeechLevel();
  level.update({ values: new Float32Array(80 * 16).fill(4), mediaUs: 0 });
  assert.ok(level.relative.every((value) => value >= 0 && value <= 2));
});
