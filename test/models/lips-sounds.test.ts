import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromFestival } from '../../models/lips/recipe/festival-voices.ts';
import { holdVowels } from '../../models/lips/recipe/held-vowels.ts';
import { addMusic } from '../../models/lips/recipe/instrumental-music.ts';
import { SOUND_RATE_HZ } from '../../models/lips/recipe/resampled.ts';
import { asOtherSpeaker, asRecorded, withOtherTongue } from '../../models/lips/recipe/sound-variation.ts';
import { voicelessSound } from '../../models/lips/recipe/voiceless-sounds.ts';
import { Random } from '../../src/motion/random.ts';
import { vowel } from '../motion/sound.ts';

const rms = (sound: Float32Array): number => Math.sqrt(sound.reduce((sum, sample) => sum + sample * sample, 0) / sound.length);

test('music sounds all through: no second of it is silent, whatever its instruments are', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const sound = new Float32Array(4 * SOUND_RATE_HZ);
    addMusic(sound, new Random(seed));
    for (let second = 0; second < 4; second++) {
      const part = rms(sound.subarray(second * SOUND_RATE_HZ, (second + 1) * SOUND_RATE_HZ));
      assert.ok(part > 0.01 * rms(sound), `seed ${seed}, second ${second}: ${part}`);
    }
  }
});

test('sounds without a voice stay within full scale', () => {
  const random = new Random(2);
  for (let i = 0; i < 40; i++) {
    const sound = voicelessSound(1, random);
    assert.equal(sound.length, SOUND_RATE_HZ);
    assert.ok(sound.every((sample) => Math.abs(sample) <= 1));
  }
});

test('another speaker in another room says the same phones in the same order, as long as the sound lasts', () => {
  const random = new Random(3);
  const spoken = { samples: vowel(0.5, 750, 1200), segments: [{ start: 0, end: 0.2, phone: 'aa' }, { start: 0.2, end: 0.5, phone: 'iy' }] };
  for (let i = 0; i < 20; i++) {
    const { samples, segments } = asRecorded(asOtherSpeaker(spoken, 1.2), random, [spoken.samples]);
    assert.deepEqual(segments.map(({ phone }) => phone), ['aa', 'iy']);
    const lengths = segments.map(({ start, end }) => end - start);
    assert.ok(Math.abs(lengths[0]! - 0.24) < 1e-6 && Math.abs(lengths[1]! - 0.36) < 1e-6, `${lengths.join(', ')} s`);
    assert.ok(segments[1]!.end < samples.length / SOUND_RATE_HZ);
    assert.ok(samples.every((sample) => Math.abs(sample) <= 1) && rms(samples) > 0.005);
  }
});

test('another tongue changes u and l in some voices, and never what stands apart from them', () => {
  const random = new Random(5);
  const samples = vowel(1, 300, 900);
  const segments = [{ start: 0, end: 0.3, phone: 'iy' }, { start: 0.3, end: 0.5, phone: 'uw' }, { start: 0.5, end: 0.7, phone: 's' }, { start: 0.7, end: 0.8, phone: 'l' }, { start: 0.8, end: 1, phone: 'aa' }];
  const differs = (sound: Float32Array, fromS: number, toS: number): boolean => sound.subarray(fromS * SOUND_RATE_HZ, toS * SOUND_RATE_HZ).some((value, i) => value !== samples[fromS * SOUND_RATE_HZ + i]);
  const heard = Array.from({ length: 40 }, () => withOtherTongue({ samples, segments }, random).samples);
  const changed = (fromS: number, toS: number): number => heard.filter((sound) => differs(sound, fromS, toS)).length;
  assert.ok(changed(0.35, 0.45) > 5 && changed(0.35, 0.45) < 35, `u in ${changed(0.35, 0.45)} of 40`);
  assert.ok(changed(0.7, 0.8) > 5 && changed(0.7, 0.8) < 35, `l in ${changed(0.7, 0.8)} of 40`);
  assert.deepEqual([changed(0, 0.25), changed(0.55, 0.65), changed(0.85, 1)], [0, 0, 0]);
});

test('phones of the voices of other languages become those of the table', () => {
  assert.equal(fromFestival('bh', 'hi'), 'b');
  assert.equal(fromFestival('oo', 'ru'), 'ao');
  assert.equal(fromFestival('tt', 'ru'), 't');
  assert.equal(fromFestival('a:', 'fi'), 'aa');
});

test('held vowels are voiced where a vowel is said and quiet between', () => {
  const random = new Random(4);
  for (let i = 0; i < 20; i++) {
    const { samples, segments } = holdVowels(random);
    const voicedRms = Math.max(...segments.filter(({ phone }) => phone !== 'sil').map(({ start, end }) => rms(samples.subarray(start * SOUND_RATE_HZ, end * SOUND_RATE_HZ))));
    assert.ok(voicedRms > 0.005, `${voicedRms}`);
    for (const { start, end } of segments.filter(({ phone, start: from, end: to }) => phone === 'sil' && to - from > 0.2)) {
      assert.ok(rms(samples.subarray((start + 0.1) * SOUND_RATE_HZ, end * SOUND_RATE_HZ)) < 0.1 * voicedRms);
    }
  }
});
