import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import sharp from 'sharp';
import { AvatarStore } from '../../src/avatars/avatar-store.ts';
import { avatarId } from '../../src/avatars/avatar-preparer.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { noStats } from '../../src/base/stats.ts';
import { HOPPER_FILE, MODELS_FOLDER, makeEmptyPicture } from './portraits.ts';

const ID = avatarId(HOPPER_FILE);

describe('an avatar store', () => {
  let folder: string;
  let store: AvatarStore;
  let warnings: string[];
  let prepared: number;

  async function open(max: number): Promise<void> {
    warnings = [];
    prepared = 0;
    store = await AvatarStore.open({
      folder, modelsFolder: MODELS_FOLDER, max,
      logger: { ...silentLogger, warn: (_fields, message) => { warnings.push(message); } },
      stats: { ...noStats, stageMs: (stage) => { prepared += stage === 'avatar_prepare' ? 1 : 0; } },
    });
  }

  async function reopen(max = 3): Promise<void> {
    await store.close();
    await open(max);
  }

  /** Stores an avatar without preparing it: that of the project under another id. */
  async function plant(id: string): Promise<void> {
    await cp(join(MODELS_FOLDER, 'portraits', 'hopper'), join(folder, id), { recursive: true });
  }

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'orator-store-')), 'avatars');
    await open(3);
  });
  afterEach(async () => {
    await store.close();
    await rm(join(folder, '..'), { recursive: true });
  });

  test('knows the two avatars that come with the project and can draw them', async () => {
    assert.deepEqual(store.list().map(({ id, builtIn }) => ({ id, builtIn })), [{ id: 'astronaut', builtIn: true }, { id: 'hopper', builtIn: true }]);
    const astronaut = await store.get('astronaut');
    assert.equal(astronaut.image.length, astronaut.width * astronaut.height * 3);
    assert.equal(await store.get('astronaut'), astronaut, 'a loaded avatar is loaded once');
    assert.deepEqual(warnings, []);
  });

  test('keeps an uploaded portrait, also for the next start', async () => {
    const added = await store.add(HOPPER_FILE, { name: 'Grace' });
    assert.deepEqual([added.id, added.name, added.builtIn], [ID, 'Grace', false]);
    const fresh = await store.get(ID);
    await reopen();
    assert.deepEqual(store.describe(ID), added);
    const stored = await store.get(ID);
    assert.deepEqual(Buffer.from(stored.matte), Buffer.from(fresh.matte));
    const { contentType, body } = await store.readImage(ID);
    const { format, width, height } = await sharp(body).metadata();
    assert.deepEqual([contentType, format, width, height], ['image/jpeg', 'jpeg', added.width, added.height]);
  });

  test('prepares the same file once, sent together or later, and keeps its first name', async () => {
    const [a, b] = await Promise.all([store.add(HOPPER_FILE, { name: 'first' }), store.add(HOPPER_FILE, { name: 'second' })]);
    const c = await store.add(HOPPER_FILE, { name: 'third' });
    assert.deepEqual([a.name, b.name, c.name], ['first', 'first', 'first']);
    assert.equal(prepared, 1);
    assert.deepEqual(await readdir(folder), [ID]);
  });

  test('deletes an uploaded portrait for good, while whoever has it goes on', async () => {
    await plant('00000000000000aa');
    await reopen();
    const avatar = await store.get('00000000000000aa');
    await store.remove('00000000000000aa');
    assert.ok(avatar.image.length > 0);
    await assert.rejects(store.get('00000000000000aa'), { code: 'unknown_avatar' });
    await assert.rejects(store.remove('00000000000000aa'), { code: 'unknown_avatar' });
    assert.deepEqual(await readdir(folder), []);
  });

  test('protects the avatars that come with the project', async () => {
    await assert.rejects(store.remove('astronaut'), { code: 'avatar_protected' });
    assert.equal((await store.get('astronaut')).id, 'astronaut');
  });

  test('refuses an upload when it is full, and takes it when there is room again', async () => {
    await plant('00000000000000aa');
    await reopen(1);
    await assert.rejects(store.add(HOPPER_FILE, { name: 'x' }), { code: 'avatar_store_full' });
    await store.remove('00000000000000aa');
    const other = await sharp(HOPPER_FILE).png().toBuffer();
    const results = await Promise.allSettled([store.add(HOPPER_FILE, { name: 'x' }), store.add(other, { name: 'y' })]);
    assert.deepEqual(results.map((result) => result.status), ['fulfilled', 'rejected'], 'an upload under way counts');
    assert.equal(store.list().filter((avatar) => !avatar.builtIn).length, 1);
  });

  test('loses nothing by bad uploads and leaves no files of theirs', async () => {
    await plant('00000000000000aa');
    await reopen();
    const empty = await makeEmptyPicture(320, 240);
    await assert.rejects(store.add(Buffer.from('garbage'), { name: 'x' }), { code: 'not_an_image' });
    await assert.rejects(store.add(empty, { name: 'x' }), { code: 'no_face' });
    await assert.rejects(store.add(empty, { name: 'again' }), { code: 'no_face' });
    assert.deepEqual(await readdir(folder), ['00000000000000aa']);
    assert.equal(store.list().length, 3);
    assert.ok((await store.get('00000000000000aa')).image.length > 0);
  });

  test('passes over damaged folders with a line in the log, and takes their picture anew', async () => {
    await plant(ID);
    await writeFile(join(folder, ID, 'avatar.json'), '{"format":1');
    await plant('00000000000000bb');
    await mkdir(join(folder, 'something else'));
    await reopen();
    assert.deepEqual(store.list().map(({ id }) => id), ['astronaut', 'hopper', '00000000000000bb']);
    assert.equal(warnings.length, 1);
    await store.add(HOPPER_FILE, { name: 'again' });
    assert.equal((await store.get(ID)).name, 'again');
  });

  test('takes an avatar off the list whose pictures turn out to be damaged', async () => {
    await plant('00000000000000cc');
    await writeFile(join(folder, '00000000000000cc', 'image.png'), 'no picture');
    await reopen();
    await assert.rejects(store.get('00000000000000cc'), { code: 'unknown_avatar', message: /damaged/ });
    assert.equal(warnings.length, 1);
    assert.equal(store.list().length, 2);
  });

  test('keeps an avatar on the list that the system cannot read at the moment', async () => {
    await plant('00000000000000dd');
    await reopen();
    const image = join(folder, '00000000000000dd', 'image.png');
    const bytes = await readFile(image);
    await rm(image);
    await mkdir(image);
    await assert.rejects(store.get('00000000000000dd'), { code: 'EISDIR' });
    await rm(image, { recursive: true });
    await writeFile(image, bytes);
    assert.ok((await store.get('00000000000000dd')).image.length > 0);
    assert.equal(store.list().length, 3);
  });

  test('removes what an old crash left half written, but nothing that is being written now', async () => {
    await mkdir(join(folder, '.unfinished-old'), { recursive: true });
    await mkdir(join(folder, '.unfinished-new'));
    await utimes(join(folder, '.unfinished-old'), new Date(0), new Date(0));
    await reopen();
    assert.deepEqual(await readdir(folder), ['.unfinished-new']);
  });

  test('knows no avatar by a path', async () => {
    for (const id of ['', '..', '../hopper', 'hopper/../astronaut', '__proto__']) {
      await assert.rejects(store.get(id), { code: 'unknown_avatar' });
    }
    assert.throws(() => store.describe('nobody'), { code: 'unknown_avatar' });
    await assert.rejects(store.readImage('nobody'), { code: 'unknown_avatar' });
  });

  test('refuses a senseless limit', async () => {
    await assert.rejects(reopen(-1), TypeError);
    await assert.rejects(reopen(1.5), TypeError);
  });

  test('ends an upload under way when it is closed, twice if need be, and keeps nothing of it', async () => {
    const adding = assert.rejects(store.add(HOPPER_FILE, { name: 'x' }), { name: 'InvalidStateError' });
    await new Promise((resolve) => { setTimeout(resolve, 60); });
    assert.equal(store.close(), store.close());
    await adding;
    await assert.rejects(store.add(HOPPER_FILE, { name: 'x' }), { name: 'InvalidStateError' });
    await reopen();
    assert.equal(store.list().length, 2);
  });
});
