import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import sharp from 'sharp';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { readAvatar, readPortraitFile, readSummary, writeAvatar } from '../../src/avatars/avatar-files.ts';

function makeAvatar(): Avatar {
  const [width, height] = [48, 32];
  const bytes = (length: number, step: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * step) % 256);
  const points = (length: number): Float32Array => Float32Array.from({ length }, (_, index) => index * 1.2345);
  return {
    id: '0123456789abcdef', name: 'Ännchen', builtIn: false, warnings: ['one', 'two'], width, height,
    image: bytes(width * height * 3, 7), matte: bytes(width * height, 3), background: bytes(width * height * 3, 11),
    landmarks: points(1404), leftEye: points(142), rightEye: points(142), leftIris: points(10), rightIris: points(10),
  };
}

describe('a stored avatar', () => {
  let folder: string;
  const avatar = makeAvatar();
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'orator-files-')); });
  beforeEach(() => writeAvatar(folder, avatar));
  after(() => rm(folder, { recursive: true }));

  test('is read as it was written, coordinates to a thousandth of a pixel', async () => {
    const read = await readAvatar(folder, false);
    for (const key of ['id', 'name', 'warnings', 'width', 'height', 'builtIn'] as const) {
      assert.deepEqual(read[key], avatar[key], key);
    }
    for (const key of ['image', 'matte', 'background'] as const) {
      assert.deepEqual(Buffer.from(read[key]), Buffer.from(avatar[key]), key);
    }
    for (const key of ['landmarks', 'leftEye', 'rightEye', 'leftIris', 'rightIris'] as const) {
      assert.equal(read[key].length, avatar[key].length);
      assert.ok(read[key].every((value, index) => Math.abs(value - avatar[key][index]!) <= 6e-4), key);
    }
  });

  test('has a summary and a picture that is drawn through the matte', async () => {
    const { id, name, warnings, width, height } = avatar;
    assert.deepEqual(await readSummary(folder, true), { id, name, builtIn: true, warnings, width, height });
    const { data, info } = await sharp(await readPortraitFile(folder)).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.format, info.width, info.height, data.length], ['raw', 48, 32, 48 * 32 * 3]);
  });

  test('with a missing file is refused', async () => {
    await rm(join(folder, 'matte.png'));
    await assert.rejects(readSummary(folder, false), { code: 'ENOENT' });
  });

  test('with a broken description, another version or too few points is refused', async () => {
    const file = join(folder, 'avatar.json');
    const whole = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    for (const text of ['{', '[]', JSON.stringify({ ...whole, format: 2 }), JSON.stringify({ ...whole, landmarks: [1, 2, 3] })]) {
      await writeFile(file, text);
      await assert.rejects(readSummary(folder, false), text.slice(0, 40));
    }
  });

  test('with a picture of another size is refused', async () => {
    await sharp({ create: { width: 10, height: 10, channels: 3, background: '#fff' } }).png().toFile(join(folder, 'background.png'));
    await assert.rejects(readAvatar(folder, false), /10 × 10 × 3, expected 48 × 32 × 3/);
  });
});
