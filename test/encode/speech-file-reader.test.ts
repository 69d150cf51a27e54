import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AV_SAMPLE_FMT_FLTP, AV_SAMPLE_FMT_S16, FF_ENCODER_FLAC, FF_ENCODER_LIBMP3LAME, FF_ENCODER_LIBOPUS } from 'node-av/constants';
import { InvalidStateError } from '../../src/base/errors.ts';
import { SpeechFileReader } from '../../src/encode/speech-file-reader.ts';
import { toneWav, writeTone } from './test-sounds.ts';

/** Reads a file whole. */
async function read(path: string, sampleRateHz: number): Promise<{ samples: Float32Array; blockLengths: number[]; durationUs: number | undefined }> {
  await using reader = await SpeechFileReader.open(path, { sampleRateHz });
  const blocks: Float32Array[] = [];
  for await (const block of reader) {
    assert.equal(block.sampleRateHz, sampleRateHz);
    blocks.push(block.samples);
  }
  const samples = Float32Array.from(blocks.flatMap((block) => [...block]));
  return { samples, blockLengths: blocks.map(({ length }) => length), durationUs: reader.durationUs };
}

/** Level of the 440 Hz tone in the middle of a sound: a correlation with sine and cosine. */
function toneLevel(samples: Float32Array, rateHz: number): number {
  const middle = samples.subarray(Math.round(samples.length * 0.25), Math.round(samples.length * 0.75));
  let sine = 0;
  let cosine = 0;
  middle.forEach((sample, i) => {
    sine += sample * Math.sin((2 * Math.PI * 440 * i) / rateHz);
    cosine += sample * Math.cos((2 * Math.PI * 440 * i) / rateHz);
  });
  return (2 * Math.hypot(sine, cosine)) / middle.length;
}

describe('a speech file reader', () => {
  let folder = '';
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'speech-')); });
  after(async () => { await rm(folder, { recursive: true }); });

  test('reads a WAV file at its own rate sample by sample', async () => {
    const path = join(folder, 'own.wav');
    const wav = toneWav({ rateHz: 16_000, channels: 1, seconds: 0.55, level: 0.5 });
    await writeFile(path, wav);
    const { samples, blockLengths, durationUs } = await read(path, 16_000);
    assert.equal(samples.length, 8800);
    assert.deepEqual(blockLengths, [...new Array<number>(27).fill(320), 160]);
    assert.equal(durationUs, 550_000);
    for (const [index, sample] of samples.entries()) {
      assert.ok(Math.abs(sample - wav.readInt16LE(44 + index * 2) / 32_768) < 1e-4, `sample ${index} differs: ${sample}`);
    }
  });

  test('takes what is no number for silence', async () => {
    const path = join(folder, 'floats.wav');
    const wav = toneWav({ rateHz: 16_000, channels: 1, seconds: 0.1, level: 0.5 });
    // As a file of 32-bit floats: format 3, and half as many samples.
    wav.writeUInt16LE(3, 20);
    wav.writeUInt32LE(64_000, 28);
    wav.writeUInt16LE(4, 32);
    wav.writeUInt16LE(32, 34);
    for (let at = 44; at < wav.length; at += 4) {
      wav.writeFloatLE(at % 40 === 4 ? [Number.NaN, Infinity][((at - 44) / 40) % 2]! : 0.25, at);
    }
    await writeFile(path, wav);
    const { samples } = await read(path, 16_000);
    assert.equal(samples.length, 800);
    assert.deepEqual(new Set(samples), new Set([0, 0.25]));
    const { samples: resampled } = await read(path, 48_000);
    assert.ok(resampled.length > 2300 && resampled.every((sample) => Number.isFinite(sample)));
  });

  test('mixes stereo to mono at the same level and changes the rate', async () => {
    for (const [rateHz, wantedHz] of [[44_100, 48_000], [48_000, 16_000], [8000, 16_000]] as const) {
      const path = join(folder, `${rateHz}.wav`);
      await writeFile(path, toneWav({ rateHz, channels: 2, seconds: 1, level: 0.5 }));
      const { samples } = await read(path, wantedHz);
      assert.ok(Math.abs(samples.length - wantedHz) <= 2, `${samples.length} samples at ${wantedHz} Hz`);
      assert.ok(Math.abs(toneLevel(samples, wantedHz) - 0.5) < 0.01, `level ${toneLevel(samples, wantedHz)} from ${rateHz} Hz`);
    }
  });

  for (const [container, encoder, format, planes] of [
    ['mp3', FF_ENCODER_LIBMP3LAME, AV_SAMPLE_FMT_FLTP, 2], ['flac', FF_ENCODER_FLAC, AV_SAMPLE_FMT_S16, 1], ['ogg', FF_ENCODER_LIBOPUS, AV_SAMPLE_FMT_S16, 1],
  ] as const) {
    test(`reads ${container}`, async () => {
      const path = join(folder, `tone.${container}`);
      await writeTone(path, { container, encoder, format, planes });
      const { samples } = await read(path, 16_000);
      assert.ok(samples.length > 15_500 && samples.length < 17_500, `${samples.length} samples`);
      assert.ok(Math.abs(toneLevel(samples, 16_000) - 0.25) < 0.03, `level ${toneLevel(samples, 16_000)}`);
    });
  }

  test('goes on where a file changes from mono to stereo', async () => {
    const parts = await Promise.all([1, 2].map(async (planes) => {
      const path = join(folder, `part-${planes}.mp3`);
      await writeTone(path, { container: 'mp3', encoder: FF_ENCODER_LIBMP3LAME, format: AV_SAMPLE_FMT_FLTP, planes });
      return readFile(path);
    }));
    const path = join(folder, 'changing.mp3');
    await writeFile(path, Buffer.concat(parts));
    const { samples, blockLengths } = await read(path, 16_000);
    assert.ok(Math.abs(samples.length - 32_000) < 2500, `${samples.length} samples`);
    assert.ok(blockLengths.slice(0, -1).every((length) => length === 320));
    for (const half of [samples.subarray(0, 16_000), samples.subarray(16_000)]) {
      assert.ok(Math.abs(toneLevel(half, 16_000) - 0.25) < 0.02, `level ${toneLevel(half, 16_000)}`);
    }
  });

  test('what is no sound file is unreadable_media', async () => {
    await writeFile(join(folder, 'text.wav'), 'this is no sound');
    await writeFile(join(folder, 'empty.mp3'), '');
    await writeFile(join(folder, 'silent.wav'), toneWav({ rateHz: 16_000, channels: 1, seconds: 0, level: 0 }));
    for (const name of ['text.wav', 'empty.mp3', 'missing.wav', 'silent.wav', '']) {
      await assert.rejects(read(join(folder, name), 16_000), { code: 'unreadable_media' }, name);
    }
  });

  test('a play list cannot make it open another file', async () => {
    await writeFile(join(folder, 'real.wav'), toneWav({ rateHz: 16_000, channels: 1, seconds: 0.1, level: 0.5 }));
    await writeFile(join(folder, 'list.wav'), `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:${join(folder, 'real.wav')}\n#EXT-X-ENDLIST\n`);
    await writeFile(join(folder, 'concat.wav'), `ffconcat version 1.0\nfile real.wav\n`);
    for (const name of ['list.wav', 'concat.wav']) {
      await assert.rejects(read(join(folder, name), 16_000), { code: 'unreadable_media' }, name);
    }
  });

  test('close works in the middle of reading, twice, and ends the reading', async () => {
    const path = join(folder, 'long.wav');
    await writeFile(path, toneWav({ rateHz: 16_000, channels: 1, seconds: 5, level: 0.5 }));
    const reader = await SpeechFileReader.open(path, { sampleRateHz: 48_000, blockSamples: 100_000 });
    const blocks = reader[Symbol.asyncIterator]();
    assert.equal((await blocks.next()).done, false);
    const reading = blocks.next();
    const closing = reader.close();
    assert.equal(reader.close(), closing);
    await assert.rejects(reading, InvalidStateError);
    await closing;
  });

  test('a file is read once', async () => {
    const path = join(folder, 'once.wav');
    await writeFile(path, toneWav({ rateHz: 16_000, channels: 1, seconds: 0.1, level: 0.5 }));
    await using reader = await SpeechFileReader.open(path, { sampleRateHz: 16_000 });
    for await (const { samples } of reader) {
      assert.ok(samples.length > 0);
      break;
    }
    await assert.rejects(reader[Symbol.asyncIterator]().next(), InvalidStateError);
  });

  test('wrong options are TypeErrors', async () => {
    await assert.rejects(SpeechFileReader.open('x.wav', { sampleRateHz: 100 }), TypeError);
    await assert.rejects(SpeechFileReader.open('x.wav', { sampleRateHz: 16_000, blockSamples: 0 }), TypeError);
  });
});
