import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AVCOL_PRI_BT709, AVCOL_RANGE_MPEG, AVCOL_SPC_SMPTE170M, AVCOL_TRC_BT709 } from 'node-av/constants';
import { VIDEO_CODECS } from '../../src/base/encoded-unit.ts';
import type { EncodedUnit } from '../../src/base/encoded-unit.ts';
import { InvalidStateError } from '../../src/base/errors.ts';
import { VideoEncoder } from '../../src/encode/video-encoder.ts';
import { PictureDecoder } from './picture-decoder.ts';
import { psnrDb, testPicture } from './test-pictures.ts';

const SIZE = { width: 256, height: 192 };

for (const codec of VIDEO_CODECS) {
  describe(`a ${codec} encoder`, () => {
    test('gives units in order that decode to the pictures that went in', async () => {
      await using encoder = await VideoEncoder.open({ codec, ...SIZE, bitrateBps: 1_000_000 });
      const decoder = await PictureDecoder.open(codec);
      for (let index = 0; index < 12; index++) {
        const picture = testPicture({ ...SIZE, index });
        const unit = await encoder.encode(picture);
        assert.equal(unit.kind, 'video');
        assert.equal(unit.mediaUs, index * 40_000);
        assert.equal(unit.keyFrame, index === 0, `picture ${index}`);
        const decoded = decoder.decode(unit);
        assert.deepEqual([decoded.width, decoded.height], [SIZE.width, SIZE.height]);
        const quality = psnrDb(decoded.data, picture.data);
        assert.ok(quality > 33, `picture ${index} came out at ${quality.toFixed(1)} dB`);
      }
      decoder.close();
    });

    test('takes widths that fill no whole macroblock', async () => {
      const size = { width: 530, height: 354 };
      await using encoder = await VideoEncoder.open({ codec, ...size, bitrateBps: 2_000_000 });
      const decoder = await PictureDecoder.open(codec);
      const picture = testPicture({ ...size, index: 0 });
      const decoded = decoder.decode(await encoder.encode(picture));
      assert.deepEqual([decoded.width, decoded.height], [530, 354]);
      assert.ok(psnrDb(decoded.data, picture.data) > 33);
      decoder.close();
    });

    test('makes a key frame when asked, and only then', async () => {
      await using encoder = await VideoEncoder.open({ codec, ...SIZE, bitrateBps: 1_000_000 });
      const keyFrames: number[] = [];
      for (let index = 0; index < 40; index++) {
        const unit = await encoder.encode(testPicture({ ...SIZE, index }), { keyFrame: index === 7 || index === 8 });
        if (unit.keyFrame) {
          keyFrames.push(index);
        }
      }
      assert.deepEqual(keyFrames, [0, 7, 8]);
    });

    test('a decoder can start at a forced key frame', async () => {
      await using encoder = await VideoEncoder.open({ codec, ...SIZE, bitrateBps: 1_000_000 });
      const decoder = await PictureDecoder.open(codec);
      for (let index = 0; index < 5; index++) {
        await encoder.encode(testPicture({ ...SIZE, index }));
      }
      const picture = testPicture({ ...SIZE, index: 5 });
      const decoded = decoder.decode(await encoder.encode(picture, { keyFrame: true }));
      assert.ok(psnrDb(decoded.data, picture.data) > 30);
      decoder.close();
    });

    test('copies the picture before encode returns and keeps the order of overlapping calls', async () => {
      await using encoder = await VideoEncoder.open({ codec, ...SIZE, bitrateBps: 1_000_000 });
      const pictures = [0, 1, 2].map((index) => testPicture({ ...SIZE, index }));
      const originals = pictures.map(({ data }) => Uint8Array.from(data));
      const finished: number[] = [];
      const calls = pictures.map(async (picture, index) => {
        const call = encoder.encode(picture);
        picture.data.fill(0);
        const unit = await call;
        finished.push(index);
        return unit;
      });
      const units = await Promise.all(calls);
      assert.deepEqual(finished, [0, 1, 2]);
      const decoder = await PictureDecoder.open(codec);
      for (const [index, unit] of units.entries()) {
        assert.ok(psnrDb(decoder.decode(unit).data, originals[index]!) > 30, `picture ${index}`);
      }
      decoder.close();
    });

    test('refuses a fourth picture at once and goes on afterwards', async () => {
      await using encoder = await VideoEncoder.open({ codec, ...SIZE, bitrateBps: 1_000_000 });
      const calls = [0, 1, 2].map((index) => encoder.encode(testPicture({ ...SIZE, index })));
      await assert.rejects(encoder.encode(testPicture({ ...SIZE, index: 3 })), InvalidStateError);
      assert.equal((await Promise.all(calls)).length, 3);
      assert.equal((await encoder.encode(testPicture({ ...SIZE, index: 4 }))).mediaUs, 160_000);
    });

    test('holds its bitrate when a calm picture becomes a restless one', async () => {
      await using encoder = await VideoEncoder.open({ codec, ...SIZE, bitrateBps: 300_000 });
      let bits = 0;
      for (let index = 0; index < 65; index++) {
        const { data } = await encoder.encode(index < 40 ? testPicture({ ...SIZE, index }) : noisyPicture(index));
        bits += index < 40 ? 0 : 8 * data.length;
      }
      assert.ok(bits < 1.65 * 300_000, `${bits} bits in the first restless second`);
    });

    test('spends no more on an easy picture than the eye can see, whatever it may take', async () => {
      await using encoder = await VideoEncoder.open({ codec, ...SIZE, bitrateBps: 5_000_000 });
      let bytes = 0;
      for (let index = 0; index < 50; index++) {
        bytes += (await encoder.encode(testPicture({ ...SIZE, index }))).data.length;
      }
      assert.ok(bytes < 25_000, `${bytes} bytes in two seconds`);
    });

    test('close waits for the picture under way, is idempotent and ends the encoder', async () => {
      const encoder = await VideoEncoder.open({ codec, ...SIZE, bitrateBps: 1_000_000 });
      let unit: EncodedUnit | undefined;
      void encoder.encode(testPicture({ ...SIZE, index: 0 })).then((done) => { unit = done; });
      const closing = encoder.close();
      assert.equal(encoder.close(), closing);
      await closing;
      assert.equal(unit?.keyFrame, true);
      await assert.rejects(encoder.encode(testPicture({ ...SIZE, index: 1 })), InvalidStateError);
    });
  });
}

for (const codec of VIDEO_CODECS) {
  test(`${codec} takes a new bitrate without a key frame, up and down, and keeps to it`, async () => {
    await using encoder = await VideoEncoder.open({ codec, ...SIZE, bitrateBps: 600_000 });
    const kbps: number[] = [];
    let index = 0;
    for (const bitrateBps of [600_000, 150_000, 1_000_000]) {
      encoder.setBitrate(bitrateBps);
      let bytes = 0;
      for (let picture = 0; picture < 50; picture++, index++) {
        const { data, keyFrame } = await encoder.encode(noisyPicture(index));
        assert.equal(keyFrame, index === 0, `picture ${index}`);
        // The first second after a change is the rate control's to settle.
        bytes += picture < 25 ? 0 : data.length;
      }
      kbps.push(Math.round((bytes * 8) / 1000));
    }
    for (const [change, wanted] of [600, 150, 1000].entries()) {
      assert.ok(Math.abs(kbps[change]! / wanted - 1) < 0.35, `${kbps.join(', ')} kbit/s`);
    }
  });
}

test('a VP8 key frame takes the bits of a few pictures at most, also after a fall of the bitrate', async () => {
  await using encoder = await VideoEncoder.open({ codec: 'vp8', ...SIZE, bitrateBps: 1_000_000 });
  const first = await encoder.encode(noisyPicture(0));
  assert.ok(first.data.length < 8 * 5000, `${first.data.length} bytes`);
  encoder.setBitrate(200_000);
  for (let index = 1; index < 30; index++) {
    await encoder.encode(noisyPicture(index));
  }
  const { data, keyFrame } = await encoder.encode(noisyPicture(30), { keyFrame: true });
  assert.ok(keyFrame && data.length < 8 * 1000, `${data.length} bytes`);
});

test('the picture after a pause is no larger than two others', async () => {
  await using encoder = await VideoEncoder.open({ codec: 'vp8', ...SIZE, bitrateBps: 300_000 });
  const sizes: number[] = [];
  for (let index = 0; index < 40; index++) {
    const picture = noisyPicture(index);
    sizes.push((await encoder.encode({ ...picture, mediaUs: picture.mediaUs + (index === 39 ? 1_000_000 : 0) })).data.length);
  }
  const usual = sizes.slice(20, 39).reduce((sum, bytes) => sum + bytes, 0) / 19;
  assert.ok(sizes[39]! < 2.5 * usual, `${sizes[39]} bytes after ${Math.round(usual)} each`);
});

test('H.264 is constrained baseline up to level 3.1, in Annex B with its parameter sets before each key frame', async () => {
  await using encoder = await VideoEncoder.open({ codec: 'h264', width: 720, height: 1280, bitrateBps: 2_000_000 });
  for (const index of [0, 1]) {
    const { data } = await encoder.encode(testPicture({ width: 720, height: 1280, index }), { keyFrame: true });
    const start = data[2] === 1 ? 3 : 4;
    assert.equal(data[start]! & 0x1f, 7, 'the first unit is the sequence parameter set');
    assert.equal(data[start + 1], 66, 'profile_idc');
    assert.equal(data[start + 2]! & 0x40, 0x40, 'constraint_set1_flag');
    assert.ok(data[start + 3]! <= 31, `level ${data[start + 3]}`);
  }
});

test('H.264 says which colours its numbers mean', async () => {
  await using encoder = await VideoEncoder.open({ codec: 'h264', ...SIZE, bitrateBps: 1_000_000 });
  const decoder = await PictureDecoder.open('h264');
  assert.deepEqual(decoder.decode(await encoder.encode(testPicture({ ...SIZE, index: 0 }))).colours, [AVCOL_RANGE_MPEG, AVCOL_SPC_SMPTE170M, AVCOL_PRI_BT709, AVCOL_TRC_BT709]);
  decoder.close();
});

test('wrong arguments are told apart', async () => {
  const good = { codec: 'vp8', ...SIZE, bitrateBps: 1_000_000 } as const;
  await assert.rejects(VideoEncoder.open({ ...good, width: 255 }), TypeError);
  await assert.rejects(VideoEncoder.open({ ...good, height: 0 }), TypeError);
  await assert.rejects(VideoEncoder.open({ ...good, bitrateBps: 1 }), TypeError);
  await using encoder = await VideoEncoder.open(good);
  assert.throws(() => { encoder.setBitrate(Number.NaN); }, TypeError);
  await assert.rejects(encoder.encode(testPicture({ width: 64, height: 64, index: 0 })), TypeError);
  await encoder.encode(testPicture({ ...SIZE, index: 3 }));
  await assert.rejects(encoder.encode(testPicture({ ...SIZE, index: 3 })), TypeError);
  assert.equal((await encoder.encode(testPicture({ ...SIZE, index: 4 }))).mediaUs, 160_000);
});

/** Changes everywhere, so that the bitrate is what limits its size. */
function noisyPicture(index: number, levels = 16): ReturnType<typeof testPicture> {
  const picture = testPicture({ ...SIZE, index });
  let state = index + 1;
  for (let i = 0; i < SIZE.width * SIZE.height; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    picture.data[i] = Math.min(255, picture.data[i]! + (state >> 16) % levels);
  }
  return picture;
}
