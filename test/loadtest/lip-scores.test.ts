import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { closureGaps, scoreLips } from '../../loadtest/lips/lip-scores.ts';
import { classAt, opennessCurve, readPhones, type SpokenPhone } from '../../loadtest/lips/phone-track.ts';

/** 0.5 s of silence, then "aa p aa iy uw" of 200 ms each (p 120 ms), then silence. */
const PHONES: readonly SpokenPhone[] = [
  { t0: 0, t1: 0.52, ph: 'sil' }, { t0: 0.52, t1: 0.72, ph: 'aa' }, { t0: 0.72, t1: 0.84, ph: 'p' }, { t0: 0.84, t1: 1.04, ph: 'aa' },
  { t0: 1.04, t1: 1.24, ph: 'iy' }, { t0: 1.24, t1: 1.44, ph: 'uw' }, { t0: 1.44, t1: 2, ph: 'sil' },
];

const perfect = Array.from(opennessCurve(PHONES, 50));
const widthMm = perfect.map((_, frame) => (frame * 0.04 >= 1.24 && frame * 0.04 < 1.44 ? 40 : 50));

test('lips that follow the reference score full marks', () => {
  const scores = scoreLips([{ name: 'a', phones: PHONES, gapMm: perfect.map((gap) => (gap < 2.5 ? 0 : gap)), widthMm }]);
  assert.equal(scores.closures, 1);
  assert.equal(scores.closureRecall, 1);
  assert.ok(scores.opennessCorrelation > 0.95, `${scores.opennessCorrelation}`);
  assert.ok(scores.openVowelMm > 2 * scores.closeVowelMm, `${scores.openVowelMm}, ${scores.closeVowelMm}`);
  assert.ok(Math.abs(scores.roundedWidthShare - 0.8) < 1e-6);
  assert.equal(scores.pauseMm, 0);
  assert.equal(scores.lagFrames, 0);
});

test('lips that are three frames late are said to be, and lips that never meet are found', () => {
  const late = scoreLips([{ name: 'a', phones: PHONES, gapMm: [0, 0, 0, ...perfect.slice(0, -3)], widthMm }]);
  assert.equal(late.lagFrames, 3);
  assert.deepEqual(closureGaps({ name: 'a', phones: PHONES, gapMm: perfect.map(() => 4), widthMm }), [4]);
  assert.equal(scoreLips([{ name: 'a', phones: PHONES, gapMm: perfect.map((gap) => gap + 4), widthMm }]).closureRecall, 0);
});

test('a closure of less than 40 ms is not asked for', () => {
  const phones = [{ t0: 0.4, t1: 0.43, ph: 'b' }];
  assert.deepEqual(closureGaps({ name: 'a', phones, gapMm: perfect, widthMm }), []);
});

test('phones are read from either form, without stress and with silence by any name; others are refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'phones-'));
  try {
    const read = async (content: unknown): Promise<SpokenPhone[]> => {
      await writeFile(join(folder, 'a.json'), JSON.stringify(content));
      return readPhones(join(folder, 'a.json'));
    };
    assert.deepEqual(await read({ phones: [{ t0: 0, t1: 0.1, ph: 'AA1' }] }), [{ t0: 0, t1: 0.1, ph: 'aa' }]);
    assert.deepEqual(await read([[0, 0.1, 'ae_']]), [{ t0: 0, t1: 0.1, ph: 'ae' }]);
    assert.equal(classAt([{ t0: 0, t1: 0.1, ph: '<sil>' }], 0.05), 'silence');
    assert.equal(classAt([], 1), 'silence');
    await assert.rejects(read({ words: [] }), TypeError);
    await assert.rejects(read([[0, 'aa']]), TypeError);
  } finally {
    await rm(folder, { recursive: true });
  }
});
