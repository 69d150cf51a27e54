import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import type { Frame } from 'node-av/lib';
import { AvatarError, InvalidStateError } from '../../src/base/errors.ts';
import { MediaFile, type MediaTrack } from '../../src/encode/media-file.ts';
import { Mp4Writer } from '../../src/encode/mp4-writer.ts';
import { testPicture } from './test-pictures.ts';
import { toneWav } from './test-sounds.ts';

const SIZE = { width: 64, height: 48 };
const FRAMES = 10;
const VIDEO: MediaTrack = { name: 'video', type: AVMEDIA_TYPE_VIDEO, containers: 'mov,mp4,wav', advice: 'MP4' };
const SOUND: MediaTrack = { name: 'sound', type: AVMEDIA_TYPE_AUDIO, containers: 'mov,mp4,wav', advice: 'WAV' };

/** Takes the decoded frames' sizes: width and samples. */
async function* sizes(frames: AsyncIterable<Frame>): AsyncGenerator<readonly [width: number, samples: number]> {
  for await (const { width, nbSamples } of frames) {
    yield [width, nbSamples];
  }
}

async function readAll<T>(path: string, track: MediaTrack, convert: (frames: AsyncIterable<Frame>) => AsyncIterable<T>): Promise<T[]> {
  await using file = await MediaFile.open(path, track);
  const items: T[] = [];
  for await (const item of file.read(convert)) {
    items.push(item);
  }
  return items;
}

describe('a media file', () => {
  let folder = '';
  let film = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'media-'));
    film = join(folder, 'film.mp4');
    await using writer = await Mp4Writer.open(film, SIZE);
    for (let index = 0; index < FRAMES; index++) {
      await writer.writePicture(testPicture({ ...SIZE, index }));
      await writer.writeAudio({ samples: new Float32Array(1920).fill(0.1), sampleRateHz: 48_000 });
    }
    await writer.finish();
  });
  after(async () => { await rm(folder, { recursive: true }); });

  test('gives the frames of one track alone, also when the file has others', async () => {
    const pictures = await readAll(film, VIDEO, sizes);
    assert.deepEqual(pictures, Array.from({ length: FRAMES }, () => [SIZE.width, 0]));
    const sounds = await readAll(film, SOUND, sizes);
    assert.ok(sounds.length >= (FRAMES * 1920) / 1024 && sounds.every(([width, samples]) => width === 0 && samples > 0), JSON.stringify(sounds));
  });

  test('says how long it lasts and in which unit its times count, also after it was closed', async () => {
    const file = await MediaFile.open(film, VIDEO);
    await file.close();
    assert.ok(Math.abs((file.durationUs ?? 0) - FRAMES * 40_000) < 40_000, `${file.durationUs} µs`);
    assert.ok(file.timeBase.num > 0 && file.timeBase.den > file.timeBase.num);
  });

  test('what it cannot give is unreadable_media, with the reason and what to use instead', async () => {
    const wav = join(folder, 'tone.wav');
    await writeFile(wav, toneWav({ rateHz: 16_000, channels: 1, seconds: 0.1, level: 0.5 }));
    const rejects = (track: MediaTrack, convert: (frames: AsyncIterable<Frame>) => AsyncIterable<unknown>, message: RegExp): Promise<void> =>
      assert.rejects(readAll(wav, track, convert), (error) => error instanceof AvatarError && error.code === 'unreadable_media' && message.test(error.message));
    await rejects(VIDEO, sizes, /no video track that can be decoded. Use MP4\.$/);
    await rejects({ ...SOUND, containers: 'mov,mp4' }, sizes, /could not open the file/);
    await rejects(SOUND, async function* () { /* Gives nothing. */ }, /nothing that can be decoded. Use WAV\.$/);
    await rejects(SOUND, async function* (frames) { yield* sizes(frames); throw new Error('odd.'); }, /tone.wav cannot be read: odd. Use WAV\.$/);
  });

  test('closing waits for the libav call under way, ends the reading and is done once', async () => {
    const file = await MediaFile.open(film, VIDEO);
    let done = false;
    const reading = file.read(async function* (frames) {
      for await (const frame of frames) {
        yield frame.width;
        await file.exclusive(async () => {
          await new Promise((resolve) => { setTimeout(resolve, 20); });
          done = true;
          return 0;
        });
      }
    });
    assert.equal((await reading.next()).value, SIZE.width);
    const next = assert.rejects(reading.next(), InvalidStateError);
    const closing = file.close();
    assert.equal(file.close(), closing);
    await closing;
    assert.ok(done, 'the call had returned');
    await next;
    assert.throws(() => file.exclusive(() => Promise.resolve(0)), InvalidStateError);
    await assert.rejects(file.read(sizes).next(), InvalidStateError);
  });

  test('is read once', async () => {
    await using file = await MediaFile.open(film, VIDEO);
    for await (const [width] of file.read(sizes)) {
      assert.equal(width, SIZE.width);
      break;
    }
    await assert.rejects(file.read(sizes).next(), InvalidStateError);
  });
});
