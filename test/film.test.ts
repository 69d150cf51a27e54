import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AvatarError, renderFilm } from '../src/index.ts';
import { SpeechFileReader } from '../src/encode/speech-file-reader.ts';
import type { FilmOptions } from '../src/index.ts';

const speechFile = fileURLToPath(new URL('../loadtest/speech/cards-005.wav', import.meta.url));
const modelsFolder = fileURLToPath(new URL('../models', import.meta.url));
let folder: string;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'orator-film-')); });
after(async () => { await rm(folder, { recursive: true, force: true }); });

function film(name: string, more: Partial<FilmOptions> = {}): FilmOptions {
  return { portrait: { avatar: 'astronaut' }, speechFile, outFile: join(folder, name), avatarFolder: join(folder, 'avatars'), ...more };
}

test('a film has 25 frames a second and the sound of the speech file', async () => {
  const shares: number[] = [];
  const summary = await renderFilm(film('speech.mp4', { onProgress: (share) => { shares.push(share); } }));
  assert.equal(summary.frames, 87);
  assert.ok(Math.abs(summary.seconds - 3.5025) < 0.001, String(summary.seconds));
  assert.ok((shares.at(-1) ?? 0) > 0.99 && shares.every((share, index) => index === 0 || share >= shares[index - 1]!), 'progress only rises');
  let loudest = 0;
  await using reader = await SpeechFileReader.open(join(folder, 'speech.mp4'), { sampleRateHz: 16_000 });
  for await (const { samples } of reader) {
    loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), loudest);
  }
  assert.ok(loudest > 0.1, 'the film is heard');
  assert.ok(Math.abs((reader.durationUs ?? 0) - 3_500_000) < 100_000, String(reader.durationUs));
});

test('a picture file becomes the portrait of a film', async () => {
  const { frames } = await renderFilm(film('own.mp4', { portrait: { file: join(modelsFolder, 'portraits/hopper/original.jpg') } }));
  assert.equal(frames, 87);
});

test('speech that cannot be read, an unknown avatar and a cancelled film leave no file behind', async () => {
  const noSound = join(folder, 'no-sound.wav');
  await writeFile(noSound, 'this is no sound');
  const isCode = (code: string) => (error: unknown): boolean => error instanceof AvatarError && error.code === code;
  await assert.rejects(renderFilm(film('broken.mp4', { speechFile: noSound })), isCode('unreadable_media'));
  await assert.rejects(renderFilm(film('broken.mp4', { portrait: { avatar: 'nobody' } })), isCode('unknown_avatar'));
  const cancel = new AbortController();
  await assert.rejects(renderFilm(film('broken.mp4', { signal: cancel.signal, onProgress: () => { cancel.abort(new Error('enough')); } })), /enough/);
  assert.deepEqual((await readdir(folder)).filter((name) => name.includes('broken')), []);
});

test('a portrait that cannot be read and a folder that is not there are named before any work is done', async () => {
  const isNamed = (code: string, name: string) => (error: unknown): boolean => error instanceof AvatarError && error.code === code && error.message.includes(name);
  await assert.rejects(renderFilm(film('broken.mp4', { portrait: { file: folder } })), isNamed('not_an_image', folder));
  await assert.rejects(renderFilm(film('nowhere/broken.mp4')), isNamed('invalid_request', join(folder, 'nowhere')));
});
