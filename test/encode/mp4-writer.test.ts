import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import { CodecContext, FormatContext, Frame, Packet } from 'node-av/lib';
import { InvalidStateError } from '../../src/base/errors.ts';
import { Mp4Writer } from '../../src/encode/mp4-writer.ts';
import { SpeechFileReader } from '../../src/encode/speech-file-reader.ts';
import { psnrDb, testPicture } from './test-pictures.ts';

const SIZE = { width: 128, height: 96 };

function sound(index: number): { samples: Float32Array; sampleRateHz: number } {
  return { samples: Float32Array.from({ length: 1920 }, (_, i) => 0.4 * Math.sin((2 * Math.PI * 440 * (index * 1920 + i)) / 48_000)), sampleRateHz: 48_000 };
}

/** Decodes all pictures of a file, with their times in microseconds. */
async function readPictures(path: string): Promise<{ data: Uint8Array; timeUs: number }[]> {
  const format = new FormatContext();
  assert.ok(await format.openInput(path) >= 0);
  await format.findStreamInfo();
  const { streamIndex, decoder: codec } = format.findBestStream(AVMEDIA_TYPE_VIDEO, -1, -1, true);
  const stream = format.streams[streamIndex]!;
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.parametersToContext(stream.codecpar);
  await decoder.open2(codec, null);
  const packet = new Packet();
  packet.alloc();
  const frame = new Frame();
  frame.alloc();
  const pictures: { data: Uint8Array; timeUs: number }[] = [];
  const receive = (): void => {
    while (decoder.receiveFrameSync(frame) >= 0) {
      pictures.push({ data: new Uint8Array(frame.toBuffer()), timeUs: Math.round((Number(frame.pts) * 1_000_000 * stream.timeBase.num) / stream.timeBase.den) });
      frame.unref();
    }
  };
  while (await format.readFrame(packet) >= 0) {
    if (packet.streamIndex === streamIndex) {
      decoder.sendPacketSync(packet);
      receive();
    }
    packet.unref();
  }
  decoder.sendPacketSync(null);
  receive();
  frame.free();
  packet.free();
  decoder.freeContext();
  await format.closeInput();
  return pictures;
}

describe('an MP4 writer', () => {
  let folder = '';
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'mp4-')); });
  after(async () => { await rm(folder, { recursive: true }); });

  test('writes pictures and sound that read back alike, in step', async () => {
    const path = join(folder, 'whole.mp4');
    await using writer = await Mp4Writer.open(path, SIZE);
    const originals: Uint8Array[] = [];
    for (let index = 0; index < 60; index++) {
      const picture = testPicture({ ...SIZE, index });
      originals.push(Uint8Array.from(picture.data));
      const written = writer.writePicture(picture);
      picture.data.fill(0);
      await Promise.all([written, writer.writeAudio(sound(index))]);
    }
    assert.ok(!(await readdir(folder)).includes('whole.mp4'), 'the name is taken only at the end');
    await writer.finish();
    assert.deepEqual(await readdir(folder), ['whole.mp4']);

    const pictures = await readPictures(path);
    assert.equal(pictures.length, 60);
    for (const [index, { data, timeUs }] of pictures.entries()) {
      assert.ok(Math.abs(timeUs - index * 40_000) < 50, `picture ${index} is at ${timeUs} µs`);
      assert.ok(psnrDb(data, originals[index]!) > 38, `picture ${index} has ${psnrDb(data, originals[index]!).toFixed(1)} dB`);
    }
    await using reader = await SpeechFileReader.open(path, { sampleRateHz: 48_000 });
    let samples = 0;
    let squares = 0;
    for await (const block of reader) {
      samples += block.samples.length;
      squares += block.samples.reduce((sum, sample) => sum + sample * sample, 0);
    }
    assert.ok(Math.abs(samples - 60 * 1920) < 1100, `${samples} samples`);
    assert.ok(Math.abs(Math.sqrt(squares / samples) - 0.4 / Math.SQRT2) < 0.02);
    const head = (await readFile(path)).toString('latin1');
    assert.ok(head.indexOf('moov') < head.indexOf('mdat'), 'the index comes before the data');
  });

  test('closed before finish, it leaves nothing and an older file as it was', async () => {
    const path = join(folder, 'old.mp4');
    await writeFile(path, 'older');
    const writer = await Mp4Writer.open(path, SIZE);
    void writer.writePicture(testPicture({ ...SIZE, index: 0 }));
    const closing = writer.close();
    assert.equal(writer.close(), closing);
    await closing;
    assert.equal(await readFile(path, 'utf8'), 'older');
    await assert.rejects(writer.finish(), InvalidStateError, 'nobody may think that the file is there');
    assert.deepEqual((await readdir(folder)).filter((name) => name.endsWith('.part')), []);
    await assert.rejects(writer.writePicture(testPicture({ ...SIZE, index: 1 })), InvalidStateError);
    await assert.rejects(writer.writeAudio(sound(1)), InvalidStateError);
  });

  test('a folder that is not there is an error and leaves nothing', async () => {
    await assert.rejects(Mp4Writer.open(join(folder, 'missing', 'a.mp4'), SIZE), /No such file/);
  });

  test('a name that cannot be taken fails finish and leaves no part', async () => {
    const path = join(folder, 'taken.mp4');
    await using writer = await Mp4Writer.open(path, SIZE);
    await writer.writePicture(testPicture({ ...SIZE, index: 0 }));
    await rm(path, { force: true });
    await mkdir(path);
    await assert.rejects(writer.finish());
    assert.deepEqual((await readdir(folder)).filter((name) => name.endsWith('.part')), []);
  });

  test('more writes than fit are refused, those before are kept', async () => {
    const path = join(folder, 'busy.mp4');
    await using writer = await Mp4Writer.open(path, SIZE);
    const writes = [0, 1, 2, 3].map((index) => writer.writePicture(testPicture({ ...SIZE, index })));
    await assert.rejects(writer.writePicture(testPicture({ ...SIZE, index: 4 })), InvalidStateError);
    await Promise.all(writes);
    await writer.writeAudio(sound(0));
    await writer.finish();
    assert.equal((await readPictures(path)).length, 4);
  });

  test('wrong arguments are TypeErrors and change nothing', async () => {
    await assert.rejects(Mp4Writer.open(join(folder, 'a.mp4'), { width: 3, height: 96 }), TypeError);
    await using writer = await Mp4Writer.open(join(folder, 'b.mp4'), SIZE);
    await assert.rejects(writer.writeAudio({ samples: new Float32Array(10), sampleRateHz: 16_000 }), TypeError);
    await assert.rejects(writer.writePicture(testPicture({ width: 64, height: 64, index: 0 })), TypeError);
    await writer.writePicture(testPicture({ ...SIZE, index: 1 }));
    await assert.rejects(writer.writePicture(testPicture({ ...SIZE, index: 1 })), TypeError);
    await writer.finish();
  });
});
