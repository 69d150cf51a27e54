import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { PortraitImage } from '../../src/avatars/portrait-image.ts';
import { HOPPER_FILE, makeBomb, makeEmptyPicture } from './portraits.ts';

for (const format of ['jpeg', 'png', 'webp'] as const) {
  test(`a ${format} file is decoded`, async () => {
    const bytes = await sharp(HOPPER_FILE).resize(100, 120, { fit: 'fill' }).toFormat(format).toBuffer();
    const image = await PortraitImage.decode(bytes);
    assert.deepEqual([image.width, image.height, image.reduction], [100, 120, 1]);
    const { data, alpha } = await image.cut({ left: 0, top: 0, width: 100, height: 120 }, { width: 100, height: 120 });
    assert.equal(data.length, 100 * 120 * 3);
    assert.equal(alpha, null);
  });
}

test('a picture lying on its side by its EXIF mark is turned upright', async () => {
  const upright = await sharp(HOPPER_FILE).resize(120, 150, { fit: 'fill' }).raw().toBuffer();
  const lying = await sharp(HOPPER_FILE).resize(120, 150, { fit: 'fill' }).rotate(-90).png().toBuffer();
  const bytes = await sharp(lying).withMetadata({ orientation: 6 }).png().toBuffer();
  const image = await PortraitImage.decode(bytes);
  assert.deepEqual([image.width, image.height], [120, 150]);
  const { data } = await image.cut({ left: 0, top: 0, width: 120, height: 150 }, { width: 120, height: 150 });
  assert.deepEqual(data, new Uint8Array(upright));
});

test('a grey picture with 16 bits becomes RGB with 8', async () => {
  const bytes = await sharp(HOPPER_FILE).resize(90, 90).toColourspace('grey16').png().toBuffer();
  const { data } = await (await PortraitImage.decode(bytes)).cut({ left: 0, top: 0, width: 90, height: 90 }, { width: 90, height: 90 });
  assert.equal(data.length, 90 * 90 * 3);
  assert.ok(data.some((value) => value > 150) && data.some((value) => value < 60));
  assert.ok(data.every((value, index) => value === data[index - (index % 3)]));
});

test('transparency is kept, and an overview lays it over grey', async () => {
  const bytes = await sharp({ create: { width: 64, height: 64, channels: 4, background: '#ff000000' } })
    .composite([{ input: { create: { width: 32, height: 64, channels: 4, background: '#00ff00ff' } }, left: 32, top: 0 }]).png().toBuffer();
  const image = await PortraitImage.decode(bytes);
  const { alpha, data } = await image.cut({ left: 0, top: 0, width: 64, height: 64 }, { width: 64, height: 64 });
  assert.ok(alpha !== null);
  assert.deepEqual([alpha[10], alpha[50]], [0, 255]);
  assert.deepEqual([...data.subarray(150, 153)], [0, 255, 0]);
  const overview = await image.overview(64);
  assert.deepEqual([...overview.data.subarray(0, 3)], [0xc4, 0xc6, 0xca]);
});

test('an alpha channel that hides nothing counts as none', async () => {
  const bytes = await sharp(HOPPER_FILE).ensureAlpha().png().toBuffer();
  assert.equal((await (await PortraitImage.decode(bytes)).cut({ left: 0, top: 0, width: 9, height: 9 }, { width: 9, height: 9 })).alpha, null);
});

test('a large picture is reduced, and says by how much', async () => {
  const image = await PortraitImage.decode(await makeEmptyPicture(6144, 600));
  assert.deepEqual([image.width, image.height, image.reduction], [4096, 400, 1.5]);
});

test('a picture over 40 megapixels is refused by its header', async () => {
  await assert.rejects(PortraitImage.decode(await makeBomb(30_000, 30_000)), { code: 'image_too_large', message: /30000 × 30000/ });
  await assert.rejects(PortraitImage.decode(await makeBomb(8000, 5001)), { code: 'image_too_large' });
});

const notImages = {
  'an empty file': Buffer.alloc(0),
  'text': Buffer.from('This is no picture. '.repeat(40)),
  'an SVG': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'),
  'a GIF': Buffer.from('R0lGODlhAQABAAAAACwAAAAAAQABAAA=', 'base64'),
  'half a JPEG': HOPPER_FILE.subarray(0, HOPPER_FILE.length / 2),
  'a JPEG of noise': Buffer.concat([HOPPER_FILE.subarray(0, 3), Buffer.alloc(5000, 0x5a)]),
};
for (const [what, bytes] of Object.entries(notImages)) {
  test(`${what} is refused with not_an_image`, async () => {
    await assert.rejects(PortraitImage.decode(bytes), { code: 'not_an_image' });
  });
}

test('a PNG whose pixels are missing is refused with not_an_image', async () => {
  await assert.rejects(PortraitImage.decode(await makeBomb(2000, 2000)), { code: 'not_an_image' });
});
