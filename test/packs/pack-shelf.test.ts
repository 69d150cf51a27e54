import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import type { FacePack, PackName } from '../../src/packs/face-pack.ts';
import { PackShelf } from '../../src/packs/pack-shelf.ts';
import type { ShelvedPack } from '../../src/packs/pack-shelf.ts';

/** A pack that notes when it is closed. */
function notedPack(name: PackName, closed: string[]): FacePack {
  const close = (): Promise<void> => {
    closed.push(name);
    return Promise.resolve();
  };
  return { name, provider: 'cpu', seats: 1, close, openFace: () => Promise.reject(new Error('no face here')) };
}

function shelved(more: Partial<ShelvedPack>): ShelvedPack {
  return { name: 'sadtalker', isInstalled: () => Promise.resolve(true), open: () => Promise.resolve(notedPack('sadtalker', [])), ...more };
}

test('a pack is loaded once, when it is first asked for, and closed with the shelf', async () => {
  const closed: string[] = [];
  let opened = 0;
  const open = async (): Promise<FacePack> => {
    opened += 1;
    await new Promise((resolve) => { setImmediate(resolve); });
    return notedPack('sadtalker', closed);
  };
  const shelf = new PackShelf(notedPack('built-in', closed), [shelved({ open })]);
  assert.deepEqual(shelf.loaded.map(({ name }) => name), ['built-in']);
  assert.deepEqual(await shelf.installed(), ['built-in', 'sadtalker']);
  assert.equal(opened, 0);
  const [first, second] = await Promise.all([shelf.get('sadtalker'), shelf.get('sadtalker')]);
  assert.equal(first, second);
  assert.equal(await shelf.get('sadtalker'), first);
  assert.equal(opened, 1);
  assert.deepEqual(shelf.loaded.map(({ name }) => name), ['built-in', 'sadtalker']);
  await shelf.close();
  assert.deepEqual(closed, ['sadtalker', 'built-in']);
});

test('a pack that is not installed is unknown, and the message says what there is', async () => {
  await using shelf = new PackShelf(notedPack('built-in', []), [shelved({ isInstalled: () => Promise.resolve(false) })]);
  for (const name of ['sadtalker', 'nonsense']) {
    await assert.rejects(shelf.get(name), (error: unknown) => error instanceof AvatarError && error.code === 'unknown_pack' && error.message.includes('Installed: built-in.'));
  }
});

test('a pack that failed to load is tried again', async () => {
  let tries = 0;
  const open = (): Promise<FacePack> => {
    tries += 1;
    return tries === 1 ? Promise.reject(new AvatarError('device_too_slow', 'Too slow.')) : Promise.resolve(notedPack('sadtalker', []));
  };
  await using shelf = new PackShelf(notedPack('built-in', []), [shelved({ open })]);
  await assert.rejects(shelf.get('sadtalker'), /Too slow/);
  assert.equal((await shelf.get('sadtalker')).name, 'sadtalker');
});

test('a pack that is still loading when the shelf closes is closed too', async () => {
  const closed: string[] = [];
  const { promise, resolve } = Promise.withResolvers<FacePack>();
  const shelf = new PackShelf(notedPack('built-in', closed), [shelved({ open: () => promise })]);
  const asked = assert.rejects(shelf.get('sadtalker'), /stopping/);
  await new Promise((next) => { setImmediate(next); });
  await shelf.close();
  resolve(notedPack('sadtalker', closed));
  await asked;
  assert.deepEqual(closed, ['built-in', 'sadtalker']);
});
