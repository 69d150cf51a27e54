import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { benchPackFilm } from '../../loadtest/pack-film-bench.ts';
import { readWavFile, wavBytes } from '../../loadtest/wav-file.ts';
import { makeMiniPack } from '../models/mini-pack.ts';

test('a film drawn by networks is timed, and for how long it held the main thread up', { timeout: 120_000 }, async () => {
  await using pack = await makeMiniPack();
  const { frames, seconds, longestBlockMs } = await benchPackFilm({ packFolder: pack.packFolder, frames: 3 });
  assert.equal(frames, 3);
  assert.ok(seconds > 0);
  assert.ok(longestBlockMs > 0 && longestBlockMs < seconds * 1000, `${longestBlockMs} ms`);
});

test('a sound written as a WAV file is read as it was', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orator-wav-'));
  const samples = Int16Array.of(0, 1, -1, 32_767, -32_768);
  await writeFile(join(folder, 'a.wav'), wavBytes({ rateHz: 16_000, samples: samples.subarray(1) }));
  assert.deepEqual(await readWavFile(join(folder, 'a.wav')), { rateHz: 16_000, samples: samples.slice(1) });
  await rm(folder, { recursive: true });
});
