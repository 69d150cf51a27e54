import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodedUnit } from '../../src/base/encoded-unit.ts';
import { HalfSize } from '../../src/encode/half-size.ts';
import { SizedEncoder } from '../../src/encode/sized-encoder.ts';
import { pictureBytes } from '../../src/base/picture.ts';
import type { Picture } from '../../src/base/picture.ts';

/** A picture with a gradient, brighter from frame to frame. */
function gradient(width: number, height: number, frame: number): Picture {
  const data = new Uint8Array(pictureBytes(width, height)).fill(128);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data[pixel] = 40 + ((pixel % width) * 100) / width + frame;
  }
  return { width, height, data, mediaUs: frame * 40_000, release: () => undefined };
}

/** Size of a VP8 key frame (RFC 6386, 9.1). */
function vp8Size({ data }: EncodedUnit): [number, number] {
  assert.deepEqual([...data.subarray(3, 6)], [0x9d, 0x01, 0x2a], 'a key frame');
  return [data[6]! + ((data[7]! & 0x3f) << 8), data[8]! + ((data[9]! & 0x3f) << 8)];
}

test('a half-size picture is the mean of each four values, in all planes', () => {
  const half = new HalfSize(8, 8);
  const picture = gradient(8, 8, 0);
  picture.data.set([10, 20, 30, 40], 0);
  picture.data.set([50, 60, 70, 80], 8);
  const small = half.of(picture);
  assert.deepEqual([small.width, small.height, small.data.length], [4, 4, 24]);
  assert.deepEqual([...small.data.subarray(0, 2)], [35, 55]);
  assert.deepEqual([...small.data.subarray(16)], new Array(8).fill(128));
});

test('sizes that are no multiple of four lose their edge and stay even', () => {
  const { width, height } = new HalfSize(510, 718);
  assert.deepEqual([width, height], [254, 358]);
});

for (const codec of ['vp8', 'h264'] as const) {
  test(`${codec} goes to half size under 100 kbit/s and back from 115 kbit/s on, each time with a key frame`, async () => {
    await using encoder = await SizedEncoder.open({ codec, width: 128, height: 128, bitrateBps: 1_000_000 });
    const units: EncodedUnit[] = [];
    let frame = 0;
    const encode = async (): Promise<EncodedUnit> => {
      const unit = await encoder.encode(gradient(128, 128, frame++));
      units.push(unit);
      return unit;
    };
    const sizes: [number, number][] = [];
    const first = await encode();
    encoder.setBitrate(90_000);
    const small = await encode();
    await encode();
    encoder.setBitrate(110_000);
    assert.ok(encoder.halved, 'not yet back');
    await encode();
    encoder.setBitrate(300_000);
    const large = await encode();
    assert.equal(encoder.bitrateBps, 300_000);
    assert.deepEqual([first, small, large].map(({ keyFrame }) => keyFrame), [true, true, true]);
    if (codec === 'vp8') {
      sizes.push(vp8Size(first), vp8Size(small), vp8Size(large));
      assert.deepEqual(sizes, [[128, 128], [64, 64], [128, 128]]);
    }
    assert.deepEqual(units.map(({ mediaUs }) => mediaUs), [0, 1, 2, 3, 4].map((index) => index * 40_000));
  });
}

test('pictures under way when the size changes are given out first, and in order', async () => {
  await using encoder = await SizedEncoder.open({ codec: 'vp8', width: 128, height: 128, bitrateBps: 1_000_000 });
  const order: number[] = [];
  const encode = async (frame: number): Promise<void> => { order.push((await encoder.encode(gradient(128, 128, frame))).mediaUs / 40_000); };
  const first = [encode(0), encode(1)];
  encoder.setBitrate(80_000);
  await Promise.all([...first, encode(2), encode(3)]);
  assert.deepEqual(order, [0, 1, 2, 3]);
});

test('closing while the size changes frees both encoders, with one promise', async () => {
  const encoder = await SizedEncoder.open({ codec: 'vp8', width: 128, height: 128, bitrateBps: 1_000_000 });
  encoder.setBitrate(80_000);
  assert.equal(encoder.close(), encoder.close());
  await encoder.close();
  await assert.rejects(encoder.encode(gradient(128, 128, 0)), /closed/);
});

test('a bitrate that is asked for while the size changes is not forgotten', async () => {
  await using encoder = await SizedEncoder.open({ codec: 'vp8', width: 128, height: 128, bitrateBps: 1_000_000 });
  encoder.setBitrate(150_000);
  // The other encoder is being opened by now.
  await Promise.resolve();
  encoder.setBitrate(100_000);
  await encoder.encode(gradient(128, 128, 0));
  assert.equal(encoder.bitrateBps, 100_000);
});
