import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { readAvatar } from '../../src/avatars/avatar-files.ts';
import { AvatarPreparer, avatarId } from '../../src/avatars/avatar-preparer.ts';
import { noStats } from '../../src/base/stats.ts';
import { ASTRONAUT_FILE, HOPPER_FILE, MODELS_FOLDER, makeBomb, makeEmptyPicture } from './portraits.ts';

const point = (avatar: Avatar, index: number): { x: number; y: number; z: number } =>
  ({ x: avatar.landmarks[3 * index]!, y: avatar.landmarks[3 * index + 1]!, z: avatar.landmarks[3 * index + 2]! });

/** Distance of the outer corners of the eyes: the measure of all else. */
const eyeDistance = (avatar: Avatar): number => Math.hypot(point(avatar, 263).x - point(avatar, 33).x, point(avatar, 263).y - point(avatar, 33).y);

const matteAt = (avatar: Avatar, x: number, y: number): number => avatar.matte[Math.round(y) * avatar.width + Math.round(x)]!;

/** Greatest and mean distance between the meshes of two avatars, in parts of the eye distance; `move` maps points of `b` onto `a`. */
function meshDifference(a: Avatar, b: Avatar, move = (x: number, y: number): [number, number] => [x, y]): { most: number; mean: number } {
  const distances = Array.from({ length: 468 }, (_, index) => {
    const [x, y] = move(point(b, index).x, point(b, index).y);
    return Math.hypot(point(a, index).x - x, point(a, index).y - y) / eyeDistance(a);
  });
  return { most: Math.max(...distances), mean: distances.reduce((sum, value) => sum + value, 0) / 468 };
}

describe('an avatar preparer', () => {
  let preparer: AvatarPreparer;
  let astronaut: Avatar;
  let hopper: Avatar;

  before(async () => {
    preparer = new AvatarPreparer({ modelsFolder: MODELS_FOLDER, stats: noStats });
    [astronaut, hopper] = await Promise.all([
      preparer.prepare(ASTRONAUT_FILE, { name: 'Astronaut' }), preparer.prepare(HOPPER_FILE, { name: 'Admiral' }),
    ]);
  });
  after(() => preparer.close());

  test('names an avatar by the hash of its file and gives it the arrays it promises', () => {
    assert.equal(hopper.id, avatarId(HOPPER_FILE));
    assert.match(hopper.id, /^[0-9a-f]{16}$/);
    for (const avatar of [astronaut, hopper]) {
      const pixels = avatar.width * avatar.height;
      assert.deepEqual([avatar.image.length, avatar.matte.length, avatar.background.length], [3 * pixels, pixels, 3 * pixels]);
      assert.deepEqual([avatar.landmarks.length, avatar.leftEye.length, avatar.rightIris.length], [1404, 142, 10]);
      assert.deepEqual(avatar.warnings, []);
      assert.equal(avatar.builtIn, false);
    }
  });

  test('brings a small face closer and keeps the shape of the picture', () => {
    assert.deepEqual([astronaut.width, astronaut.height], [512, 512]);
    assert.deepEqual([hopper.width, hopper.height], [512, 608]);
    assert.ok(eyeDistance(astronaut) > 100, `the eyes are only ${eyeDistance(astronaut)} px apart`);
  });

  test('lays a mesh on the face that is nearly symmetric, with the nose in front', () => {
    for (const avatar of [astronaut, hopper]) {
      const unit = eyeDistance(avatar);
      const middle = (point(avatar, 33).x + point(avatar, 263).x) / 2;
      for (const [left, right] of [[61, 291], [234, 454], [50, 280], [133, 362]] as const) {
        const offset = (point(avatar, left).x + point(avatar, right).x) / 2 - middle;
        assert.ok(Math.abs(offset) < 0.12 * unit, `points ${left} and ${right} lie ${offset} px to one side`);
      }
      assert.ok(point(avatar, 10).y < point(avatar, 1).y && point(avatar, 1).y < point(avatar, 13).y && point(avatar, 13).y < point(avatar, 152).y);
      assert.ok(point(avatar, 1).z < point(avatar, 234).z - 0.3 * unit, 'the nose is not nearer than the ear');
    }
  });

  test('sees that the astronaut shows teeth and the admiral does not', () => {
    const gap = (avatar: Avatar): number => (point(avatar, 14).y - point(avatar, 13).y) / eyeDistance(avatar);
    assert.ok(gap(astronaut) > 0.08, `${gap(astronaut)}`);
    assert.ok(gap(hopper) < 0.035, `${gap(hopper)}`);
  });

  test('finds open eyes with the iris between the lids and the irises in the order right, top, left, bottom', () => {
    for (const avatar of [astronaut, hopper]) {
      for (const [contour, iris, outer] of [[avatar.leftEye, avatar.leftIris, 33], [avatar.rightEye, avatar.rightIris, 263]] as const) {
        const [x, y] = [iris[0]!, iris[1]!];
        assert.ok(contour[2 * 4 + 1]! > y && contour[2 * 12 + 1]! < y, 'the iris is not between the lids');
        assert.ok(iris[2]! > x && iris[5]! < y && iris[6]! < x && iris[9]! > y, `iris ${[...iris].join(' ')}`);
        const corner = Math.hypot(contour[16]! - point(avatar, outer).x, contour[17]! - point(avatar, outer).y);
        assert.ok(corner < 0.08 * eyeDistance(avatar), `the outer corner is ${corner} px from the mesh's`);
      }
    }
  });

  test('covers the face and the shoulders with the matte, and nothing of the upper corners', () => {
    for (const avatar of [astronaut, hopper]) {
      const inside = [1, 10, 50, 152, 280].filter((index) => matteAt(avatar, point(avatar, index).x, point(avatar, index).y) < 250);
      assert.deepEqual(inside, [], 'points of the face that the matte leaves out');
      assert.ok(matteAt(avatar, avatar.width / 2, avatar.height - 2) > 250);
      assert.ok(matteAt(avatar, 3, 3) < 5 && matteAt(avatar, avatar.width - 4, 3) < 5);
    }
    // The crown of the cap, which reaches the upper border.
    assert.ok(matteAt(hopper, point(hopper, 10).x, 50) > 250);
  });

  test('leaves no face in the background', () => {
    for (const avatar of [astronaut, hopper]) {
      const at = (data: Uint8Array, index: number): number => data[3 * (Math.round(point(avatar, index).y) * avatar.width + Math.round(point(avatar, index).x)) + 1]!;
      const contrast = (data: Uint8Array): number => Math.abs(at(data, 151) - at(data, 468 - 1)) + Math.abs(at(data, 0) - at(data, 168));
      assert.ok(contrast(avatar.background) < contrast(avatar.image) + 20);
      const values = [1, 4, 5, 195, 197, 6, 168, 8, 9].map((index) => at(avatar.background, index));
      assert.ok(Math.max(...values) - Math.min(...values) < 40, `the line of the nose still shows: ${values.join(' ')}`);
    }
  });

  test('draws the photo again when image, matte and background are put together', async () => {
    const bytes = await sharp(HOPPER_FILE).extract({ left: 20, top: 0, width: 480, height: 480 }).resize(512, 512).png().toBuffer();
    const photo = await sharp(bytes).removeAlpha().raw().toBuffer();
    const { image, matte, background, width, height } = await preparer.prepare(bytes, { name: 'close' });
    assert.deepEqual([width, height], [512, 512]);
    let sum = 0;
    let far = 0;
    for (let index = 0; index < photo.length; index++) {
      const alpha = matte[Math.floor(index / 3)]! / 255;
      const difference = Math.abs(image[index]! * alpha + background[index]! * (1 - alpha) - photo[index]!);
      sum += difference;
      far += difference > 40 ? 1 : 0;
    }
    assert.ok(sum / photo.length < 1.5, `mean difference ${sum / photo.length}`);
    assert.ok(far / photo.length < 0.01, `${far} values differ by more than 40`);
  });

  test('gives the avatars that come with the project', async () => {
    for (const [id, fresh] of [['astronaut', astronaut], ['hopper', hopper]] as const) {
      const stored = await readAvatar(join(MODELS_FOLDER, 'portraits', id), true);
      assert.equal(stored.id, id);
      assert.deepEqual([stored.width, stored.height], [fresh.width, fresh.height]);
      assert.ok(meshDifference(stored, fresh).most < 0.01, `${id} was prepared by another version; run models/prepare-portraits.ts`);
      const different = stored.matte.filter((coverage, pixel) => Math.abs(coverage - fresh.matte[pixel]!) > 25).length;
      assert.ok(different < stored.matte.length / 500, `${different} pixels of the matte of ${id} differ`);
    }
  });

  test('finds the same face in a picture that its EXIF mark turns upright', async () => {
    const lying = await sharp(HOPPER_FILE).rotate(-90).png().toBuffer();
    const turned = await preparer.prepare(await sharp(lying).withMetadata({ orientation: 6 }).png().toBuffer(), { name: 'turned' });
    assert.deepEqual([turned.width, turned.height], [512, 608]);
    assert.ok(meshDifference(hopper, turned).most < 0.01);
  });

  test('finds the mirrored face in a mirrored picture', async () => {
    const mirrored = await preparer.prepare(await sharp(HOPPER_FILE).flop().png().toBuffer(), { name: 'mirrored' });
    const fromNose = (avatar: Avatar, index: number): number => (point(avatar, index).x - point(avatar, 1).x) / eyeDistance(avatar);
    for (const [left, right] of [[33, 263], [61, 291], [234, 454]] as const) {
      const [a, b] = [fromNose(hopper, left), -fromNose(mirrored, right)];
      assert.ok(Math.abs(a - b) < 0.06, `points ${left} and ${right}: ${a} and ${b}`);
    }
  });

  test('takes a cut-out by its own alpha and puts a plain wall behind it', async () => {
    const { width, height, matte, image } = hopper;
    const cutOut = await sharp(image, { raw: { width, height, channels: 3 } })
      .joinChannel(Buffer.from(matte), { raw: { width, height, channels: 1 } }).png().toBuffer();
    const avatar = await preparer.prepare(cutOut, { name: 'cut out' });
    assert.deepEqual([avatar.width, avatar.height], [width, height]);
    const different = avatar.matte.filter((coverage, pixel) => Math.abs(coverage - matte[pixel]!) > 12).length;
    assert.ok(different < matte.length / 100, `${different} pixels of the matte differ`);
    const wall = avatar.background.subarray(3 * (height / 2) * width, 3 * (height / 2) * width + 3);
    assert.ok(Math.max(...wall) - Math.min(...wall) < 25 && wall[0]! > 120, `the wall is ${wall.join(' ')}`);
    assert.ok(meshDifference(hopper, avatar).mean < 0.02);
  });

  test('does not take rounded corners for the outline of a person', async () => {
    const corners = Buffer.from('<svg width="512" height="600"><rect width="512" height="600" rx="60" fill="#fff"/></svg>');
    const rounded = await sharp(HOPPER_FILE).resize(512, 600, { fit: 'fill' }).ensureAlpha().composite([{ input: corners, blend: 'dest-in' }]).png().toBuffer();
    const avatar = await preparer.prepare(rounded, { name: 'rounded' });
    assert.ok(matteAt(avatar, 60, 200) < 30, 'the flag was taken for a part of the person');
    assert.ok(matteAt(avatar, point(avatar, 1).x, point(avatar, 1).y) > 250);
  });

  test('does not take a faded picture for a cut-out', async () => {
    const avatar = await preparer.prepare(await sharp(HOPPER_FILE).ensureAlpha(0.6).webp().toBuffer(), { name: 'faded' });
    assert.ok(matteAt(avatar, point(avatar, 1).x, point(avatar, 1).y) > 250, 'the face is see-through');
    assert.ok(matteAt(avatar, 3, 3) < 5);
  });

  test('takes the largest of several faces and warns', async () => {
    const small = await sharp(ASTRONAUT_FILE).resize(420).toBuffer();
    const both = await sharp({ create: { width: 1100, height: 620, channels: 3, background: '#889' } })
      .composite([{ input: small, left: 20, top: 60 }, { input: await sharp(HOPPER_FILE).png().toBuffer(), left: 560, top: 10 }]).jpeg({ quality: 95 }).toBuffer();
    const avatar = await preparer.prepare(both, { name: 'two' });
    assert.equal(avatar.warnings.length, 1);
    assert.match(avatar.warnings[0] ?? '', /2 faces/);
    const scale = eyeDistance(avatar) / eyeDistance(hopper);
    const origin = point(avatar, 1);
    const nose = point(hopper, 1);
    const move = (x: number, y: number): [number, number] => [origin.x + (x - nose.x) * scale, origin.y + (y - nose.y) * scale];
    assert.ok(meshDifference(avatar, hopper, move).mean < 0.03, 'the other face was taken');
  });

  test('warns of a face that is small and of a photo that is dark, and draws both', async () => {
    const dark = await sharp(HOPPER_FILE).resize({ width: 240 }).linear(0.3, 0).png().toBuffer();
    const avatar = await preparer.prepare(dark, { name: 'dark' });
    assert.equal(avatar.warnings.length, 2, avatar.warnings.join(' '));
    assert.match(avatar.warnings[0]!, /only \d\d pixels large/);
    assert.match(avatar.warnings[1]!, /very dark/);
    assert.ok(eyeDistance(avatar) > 100);
  });

  test('refuses what it cannot use, each with its own code, and goes on', async () => {
    const tiny = await sharp({ create: { width: 900, height: 900, channels: 3, background: '#556' } })
      .composite([{ input: await sharp(HOPPER_FILE).resize(150).png().toBuffer(), left: 300, top: 300 }]).png().toBuffer();
    const refused = [
      ['not_an_image', Buffer.from('no picture')], ['image_too_large', await makeBomb(20_000, 20_000)],
      ['no_face', await makeEmptyPicture(640, 480)], ['face_too_small', tiny],
    ] as const;
    for (const [code, bytes] of refused) {
      await assert.rejects(preparer.prepare(bytes, { name: 'x' }), { name: 'AvatarError', code }, code);
    }
    assert.equal((await preparer.prepare(HOPPER_FILE, { name: 'again' })).name, 'again');
  });

  test('measures a face in the pixels of the upload, not of the reduced picture', async () => {
    const large = await sharp({ create: { width: 6000, height: 3000, channels: 3, background: '#667' } })
      .composite([{ input: await sharp(HOPPER_FILE).resize(1000).png().toBuffer(), left: 4000, top: 1000 }]).jpeg().toBuffer();
    const avatar = await preparer.prepare(large, { name: 'large' });
    assert.ok(avatar.height >= 512 && eyeDistance(avatar) > 80, `${avatar.width} × ${avatar.height}, eyes ${eyeDistance(avatar)} px apart`);
  });
});

test('a preparer without its networks says so, for every picture', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'orator-models-'));
  await using preparer = new AvatarPreparer({ modelsFolder: empty, stats: noStats });
  await assert.rejects(preparer.prepare(HOPPER_FILE, { name: 'x' }), { code: 'model_missing', message: /face/ });
  await assert.rejects(preparer.prepare(HOPPER_FILE, { name: 'x' }), { code: 'model_missing' });
  await rm(empty, { recursive: true });
});

test('closing a preparer twice is fine, rejects what is under way and refuses what comes later', async () => {
  const preparer = new AvatarPreparer({ modelsFolder: MODELS_FOLDER, stats: noStats });
  const underWay = assert.rejects(preparer.prepare(HOPPER_FILE, { name: 'x' }), { name: 'InvalidStateError' });
  await new Promise((resolve) => { setTimeout(resolve, 50); });
  assert.equal(preparer.close(), preparer.close());
  await preparer.close();
  await underWay;
  await assert.rejects(preparer.prepare(HOPPER_FILE, { name: 'x' }), { name: 'InvalidStateError' });
});

test('a thread that was idle for a minute ends, and the next picture gets a new one', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  await using preparer = new AvatarPreparer({ modelsFolder: MODELS_FOLDER, stats: noStats });
  const first = await preparer.prepare(HOPPER_FILE, { name: 'first' });
  context.mock.timers.tick(60_000);
  const second = await preparer.prepare(HOPPER_FILE, { name: 'second' });
  assert.deepEqual(second.landmarks, first.landmarks);
});
