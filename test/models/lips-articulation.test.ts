import assert from 'node:assert/strict';
import { test } from 'node:test';
import { articulate, PHONE_NAMES, SHAPED } from '../../models/lips/recipe/articulation.ts';
import { fromEspeak } from '../../models/lips/recipe/canonical-phones.ts';
import { makeSentence } from '../../models/lips/recipe/sentence-generator.ts';
import { VISEME_CLASSES } from '../../src/motion/lip-network.ts';
import { Random } from '../../src/motion/random.ts';

/** sil aa p uw sil, in steps of 10 ms: silence to 20, aa to 40, p to 50, uw to 70. */
const TRACK = articulate([
  { start: 0, end: 0.2, phone: 'sil' }, { start: 0.2, end: 0.4, phone: 'aa' }, { start: 0.4, end: 0.5, phone: 'p' },
  { start: 0.5, end: 0.7, phone: 'uw' }, { start: 0.7, end: 1.2, phone: 'sil' },
], 1.2);

const shape = (name: (typeof SHAPED)[number]): Float32Array => TRACK.shaped[SHAPED.indexOf(name)] ?? new Float32Array(0);

test('lips are closed all through a p until it bursts, and not 50 ms away from it', () => {
  assert.ok(TRACK.closure.subarray(40, 47).every((value) => value === 1));
  assert.ok(TRACK.closure.subarray(0, 35).every((value) => value === 0) && TRACK.closure.subarray(53).every((value) => value === 0));
});

test('rounding begins before its vowel, across the p, and ends after it', () => {
  const pucker = shape('pucker');
  assert.ok(pucker[44]! > 0.3, `${pucker[44]} in the p`);
  assert.ok(pucker[60]! > 0.85 && pucker[25]! < 0.1 && pucker[100]! < 0.01);
});

test('an open vowel opens wide and silence is at rest', () => {
  const jaw = shape('jaw');
  assert.ok(jaw[30]! > 10, `${jaw[30]} mm`);
  assert.ok(jaw[5]! < 0.5 && jaw[110]! < 0.1);
  assert.equal(VISEME_CLASSES[TRACK.visemes[30]!], 'open');
  assert.equal(VISEME_CLASSES[TRACK.visemes[110]!], 'silence');
  assert.deepEqual([10, 30, 45, 60].map((step) => PHONE_NAMES[TRACK.phones[step]!]), ['sil', 'aa', 'p', 'uw']);
});

test('phones of espeak-ng become those of the table, and an unknown one is named', () => {
  assert.deepEqual(fromEspeak('ˈoʊ', 'en'), ['ow']);
  assert.deepEqual(fromEspeak('tɕh', 'cmn'), ['t', 'tsi']);
  assert.deepEqual(fromEspeak('_:', 'yue'), ['sil']);
  assert.throws(() => fromEspeak('☃', 'en'), /canonical-phones/);
});

test('sentences are made from words alone: no gap is left to fill', () => {
  const random = new Random(1);
  for (const language of ['en', 'cmn', 'yue'] as const) {
    for (let i = 0; i < 200; i++) {
      const sentence = makeSentence(language, random);
      assert.ok(sentence.length > 2 && !/[{}]|undefined/u.test(sentence), sentence);
    }
  }
});
