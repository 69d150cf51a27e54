import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LipExpressionModel } from '../../src/motion/lip-expression-model.ts';
import { LipFilm, visemesOf } from '../../loadtest/lips/lip-film.ts';
import { closureGaps, scoreLips, type LipRecord } from '../../loadtest/lips/lip-scores.ts';
import { classAt, readPhones, type SpokenPhone } from '../../loadtest/lips/phone-track.ts';
import { quietSounds } from '../../loadtest/lips/quiet-sounds.ts';
import { readSpeech } from '../../loadtest/lips/read-speech.ts';
import { builtInPortrait } from '../render/portraits.ts';
import { MODELS_FOLDER } from './models-folder.ts';
import { RATE_HZ } from './sound.ts';

/** The five real clips of fixtures/SOURCE.md: the whole measurement is `npm run eval:lips`; this holds a part of it, with margins. */
const CLIPS = ['cards/cards_001', 'cards/cards_002', 'cards/cards_003', 'cards/cards_004', 'eight-of-spades'] as const;

const model = await LipExpressionModel.open(MODELS_FOLDER);
const film = await LipFilm.open(await builtInPortrait('hopper'), model);
after(async () => {
  await film.close();
  await model.close();
});

async function clips(): Promise<{ name: string; samples: Float32Array; phones: SpokenPhone[] }[]> {
  const at = (name: string, ending: string): string => fileURLToPath(new URL(`fixtures/${name}.${ending}`, import.meta.url));
  return Promise.all(CLIPS.map(async (name) => ({ name, samples: await readSpeech(at(name, 'wav')), phones: await readPhones(at(name, 'json')) })));
}

test('the drawn lips of real speech follow it: they meet for p, open with the vowels, in time, narrow when rounded, and shut in pauses', async () => {
  const records: LipRecord[] = [];
  for (const { name, samples, phones } of await clips()) {
    records.push({ name, phones, ...await film.shoot(samples, { liveliness: 0 }) });
  }
  const scores = scoreLips(records);
  // The b of "clubs" is too faint here for any threshold; the p of "spades" is a whole one.
  assert.ok(Math.min(...records.flatMap(closureGaps)) <= 1, `gaps at p, b, m: ${records.flatMap(closureGaps).join(', ')} mm`);
  assert.ok(scores.opennessCorrelation > 0.74, `openness ${scores.opennessCorrelation}`);
  assert.ok(scores.openVowelMm > 2 * scores.closeVowelMm, `${scores.openVowelMm} mm in open vowels, ${scores.closeVowelMm} mm in close ones`);
  assert.ok(scores.roundedWidthShare < 0.95, `${scores.roundedWidthShare} of the width`);
  assert.ok(Math.abs(scores.lagFrames) <= 1, `lag ${scores.lagFrames} frames`);
  assert.ok(scores.pauseMm < 1, `gap ${scores.pauseMm} mm in pauses`);
});

test('the drawn lips stay shut over white noise, keys and music without singing at −20 dBFS', async () => {
  for (const [name, samples] of Object.entries(quietSounds())) {
    // The first second is quiet; two more are enough.
    const { gapMm } = await film.shoot(samples.subarray(RATE_HZ / 2, 3 * RATE_HZ), { liveliness: 0 });
    assert.ok(Math.max(...gapMm) < 1, `${name}: gap ${Math.max(...gapMm)} mm`);
  }
});

test('the network tells the eight classes of mouth shapes apart in real speech', async () => {
  let right = 0;
  let all = 0;
  for (const { samples, phones } of await clips()) {
    for (const [step, name] of (await visemesOf(model, samples)).entries()) {
      right += name === classAt(phones, (step + 0.5) / 100) ? 1 : 0;
      all += 1;
    }
  }
  assert.ok(right / all > 0.72, `${right / all} right`);
});
