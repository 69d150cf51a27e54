import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { InvalidStateError } from '../../src/base/errors.ts';
import { Mp4Writer } from '../../src/encode/mp4-writer.ts';
import { LONGEST_FRAME_SIDE_PX, MOST_FRAMES, VideoFileReader, type VideoFrame } from '../../src/encode/video-file-reader.ts';
import { toneWav } from './test-sounds.ts';

const SIZE = { width: 128, height: 96 };
const FRAMES = 30;

/** The matrix of an MP4's track header that says: turn the pictures clockwise by 90 degrees. */
const TURNED = [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000];

async function read(path: string): Promise<VideoFrame[]> {
  await using reader = await VideoFileReader.open(path);
  const frames: VideoFrame[] = [];
  for await (const frame of reader) {
    assert.equal(frame.data.length, frame.width * frame.height * 3);
    frames.push(frame);
  }
  return frames;
}

/** Mean of the green values in the square of 16 pixels at x, y. */
function greenAt({ width, data }: VideoFrame, x: number, y: number): number {
  let sum = 0;
  for (let i = 0; i < 256; i++) {
    sum += data[3 * ((y + (i >> 4)) * width + x + (i % 16)) + 1]!;
  }
  return sum / 256;
}

/** Writes a grey video that grows brighter, its upper left corner white. */
async function writeVideo(path: string): Promise<void> {
  const { width, height } = SIZE;
  await using writer = await Mp4Writer.open(path, SIZE);
  for (let index = 0; index < FRAMES; index++) {
    const data = new Uint8Array(width * height * 1.5).fill(128);
    data.fill(60 + 3 * index, 0, width * height);
    for (let y = 0; y < 24; y++) {
      data.fill(235, y * width, y * width + 24);
    }
    await writer.writePicture({ ...SIZE, data, mediaUs: index * 40_000, release: () => undefined });
  }
  await writer.finish();
}

describe('a video file reader', () => {
  let folder = '';
  let video = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'video-'));
    video = join(folder, 'video.mp4');
    await writeVideo(video);
  });
  after(async () => { await rm(folder, { recursive: true }); });

  /** A still picture, white in its upper left corner. */
  const still = (width: number, height: number): Sharp => sharp({ create: { width, height, channels: 3, background: '#404040' } })
    .composite([{ input: { create: { width: 40, height: 40, channels: 3, background: '#ffffff' } }, left: 0, top: 0 }]);

  test('gives every frame of a video at 25 frames a second as RGB', async () => {
    const frames = await read(video);
    assert.equal(frames.length, FRAMES);
    for (const [index, frame] of frames.entries()) {
      assert.deepEqual([frame.width, frame.height], [SIZE.width, SIZE.height]);
      // From limited range: 16 is black, 235 white.
      const expected = ((60 + 3 * index - 16) * 255) / 219;
      assert.ok(Math.abs(greenAt(frame, 80, 60) - expected) < 4, `frame ${index}: ${greenAt(frame, 80, 60)} for ${expected}`);
      assert.ok(greenAt(frame, 2, 2) > 245, `frame ${index} has its white corner`);
    }
  });

  test('leaves frames out or repeats them where a file has another rate, and stops after two minutes', async () => {
    const mark = 'mdhd';
    const file = await readFile(video);
    const at = file.indexOf(mark, 0, 'latin1') + mark.length + 12;
    const unitsHz = file.readUInt32BE(at);
    // The list of edits says how long the film is: without it, its frames do.
    file.write('free', file.indexOf('edts', 0, 'latin1'), 'latin1');
    for (const [factor, expected] of [[1, FRAMES], [2, FRAMES / 2], [0.5, FRAMES * 2], [1 / 128, MOST_FRAMES]] as const) {
      file.writeUInt32BE(unitsHz * factor, at);
      const path = join(folder, `rate-${factor}.mp4`);
      await writeFile(path, file);
      const { length } = await read(path);
      assert.ok(Math.abs(length - expected) <= 1, `${length} frames at ${factor} of the rate, expected ${expected}`);
    }
  });

  test('stands a video upright that was filmed turned', async () => {
    const mark = 'tkhd';
    const file = await readFile(video);
    const at = file.indexOf(mark, 0, 'latin1') + mark.length + 40;
    TURNED.forEach((value, i) => file.writeInt32BE(value, at + 4 * i));
    await writeFile(join(folder, 'turned.mp4'), file);
    const [frame] = await read(join(folder, 'turned.mp4'));
    assert.deepEqual([frame?.width, frame?.height], [SIZE.height, SIZE.width]);
    // Clockwise, the upper left corner comes to the upper right.
    assert.ok(frame !== undefined && greenAt(frame, SIZE.height - 20, 2) > 245 && greenAt(frame, 2, 2) < 80);
  });

  test('takes a still picture as a video of one frame, upright too', async () => {
    await still(200, 120).jpeg().toFile(join(folder, 'still.jpg'));
    await still(200, 120).png().toFile(join(folder, 'still-%d.png'));
    // What a pattern of that name would stand for.
    await still(64, 64).png().toFile(join(folder, 'still-1.png'));
    await still(200, 120).webp().toFile(join(folder, 'still.webp'));
    await still(200, 120).withMetadata({ orientation: 6 }).jpeg().toFile(join(folder, 'turned.jpg'));
    for (const name of ['still.jpg', 'still-%d.png', 'still.webp']) {
      const frames = await read(join(folder, name));
      assert.deepEqual(frames.map(({ width, height }) => [width, height]), [[200, 120]], name);
      assert.ok(greenAt(frames[0]!, 4, 4) > 240 && Math.abs(greenAt(frames[0]!, 150, 90) - 64) < 4, name);
    }
    const [turned] = await read(join(folder, 'turned.jpg'));
    assert.ok(turned?.width === 120 && turned.height === 200 && greenAt(turned, 100, 4) > 240);
  });

  test('reduces what is too large', async () => {
    await still(800, 2560).png().toFile(join(folder, 'large.png'));
    const [frame] = await read(join(folder, 'large.png'));
    assert.deepEqual([frame?.width, frame?.height], [400, LONGEST_FRAME_SIDE_PX]);
  });

  test('what would take gigabytes to decode is unreadable_media', async () => {
    await still(6400, 6300).png({ compressionLevel: 1 }).toFile(join(folder, 'huge.png'));
    await assert.rejects(read(join(folder, 'huge.png')), { code: 'unreadable_media' });
  });

  test('what is no video file is unreadable_media', async () => {
    await writeFile(join(folder, 'text.mp4'), 'this is no video');
    await writeFile(join(folder, 'empty.mp4'), '');
    await writeFile(join(folder, 'sound.wav'), toneWav({ rateHz: 16_000, channels: 1, seconds: 0.1, level: 0.5 }));
    await writeFile(join(folder, 'list.mp4'), `ffconcat version 1.0\nfile video.mp4\n`);
    for (const name of ['text.mp4', 'empty.mp4', 'missing.mp4', 'sound.wav', 'list.mp4', '']) {
      await assert.rejects(read(join(folder, name)), { code: 'unreadable_media' }, name);
    }
  });

  test('close works in the middle of reading, twice, and ends the reading', async () => {
    const reader = await VideoFileReader.open(video);
    const frames = reader[Symbol.asyncIterator]();
    assert.equal((await frames.next()).done, false);
    const reading = frames.next();
    const closing = reader.close();
    assert.equal(reader.close(), closing);
    await assert.rejects(reading, InvalidStateError);
    await closing;
  });

  test('a file is read once', async () => {
    await using reader = await VideoFileReader.open(video);
    for await (const { data } of reader) {
      assert.ok(data.length > 0);
      break;
    }
    await assert.rejects(reader[Symbol.asyncIterator]().next(), InvalidStateError);
  });
});
