import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import type { FacePack, PackName } from '../../src/packs/face-pack.ts';
import { PackShelf } from '../../src/packs/pack-shelf.ts';
import type { ShelvedPack } from '../../src/packs/pack-shelf.ts';

/** A pack that notes when it is closed and can break. */
interface NotedPack extends FacePack { failure: Error | undefined }

function notedPack(name: PackName, closed: string[] = []): NotedPack {
  const close = (): Promise<void> => {
    closed.push(name);
    return Promise.resolve();
  };
  return { name, provider: 'cpu', seats: 1, failure: undefined, close, openFace: () => Promise.reject(new Error('no face here')) };
}

function shelved(name: PackName, more: Partial<ShelvedPack> = {}): ShelvedPack {
  return { name, isInstalled: () => Promise.resolve(true), open: () => Promise.resolve(notedPack(name)), ...more };
}

const names = ({ loaded }: PackShelf): string[] => loaded.map(({ name }) => name);
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

test('a pack is loaded once, when it is first asked for, and closed with the shelf', async () => {
  const closed: string[] = [];
  let opened = 0;
  const open = async (): Promise<FacePack> => {
    opened += 1;
    await turn();
    return notedPack('sadtalker', closed);
  };
  const shelf = new PackShelf([shelved('built-in'), shelved('sadtalker', { open })]);
  assert.deepEqual(await shelf.installed(), ['built-in', 'sadtalker']);
  assert.deepEqual(names(shelf), []);
  const [first, second] = await Promise.all([shelf.get('sadtalker'), shelf.get('sadtalker')]);
  assert.equal(first, second);
  assert.equal(await shelf.get('sadtalker'), first);
  assert.equal(opened, 1);
  assert.deepEqual(names(shelf), ['sadtalker']);
  await shelf.close();
  assert.deepEqual(closed, ['sadtalker']);
});

test('a pack that is not installed is unknown, and the message says what there is', async () => {
  await using shelf = new PackShelf([shelved('built-in'), shelved('sadtalker', { isInstalled: () => Promise.resolve(false) })]);
  for (const name of ['sadtalker', 'nonsense']) {
    await assert.rejects(shelf.get(name), (error: unknown) => error instanceof AvatarError && error.code === 'unknown_pack' && error.message.includes('Installed: built-in.'));
  }
});

test('a device that was too slow is not measured again for ten minutes; a pack that failed otherwise is tried again at once', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  for (const [code, expectedTries] of [['device_too_slow', 1], ['model_missing', 2]] as const) {
    let tries = 0;
    const open = (): Promise<FacePack> => {
      tries += 1;
      return Promise.reject(new AvatarError(code, 'No.'));
    };
    await using shelf = new PackShelf([shelved('sadtalker', { open })]);
    await assert.rejects(shelf.get('sadtalker'), /No\./);
    await assert.rejects(shelf.get('sadtalker'), /No\./);
    assert.equal(tries, expectedTries, code);
    context.mock.timers.tick(9 * 60_000);
    await assert.rejects(shelf.get('sadtalker'), /No\./);
    assert.equal(tries, code === 'device_too_slow' ? 1 : 3, code);
    context.mock.timers.tick(60_000);
    await assert.rejects(shelf.get('sadtalker'), /No\./);
    assert.equal(tries, code === 'device_too_slow' ? 2 : 4, code);
  }
});

test('a pack that broke is closed and loaded anew, once, when it is asked for again', async () => {
  const closed: string[] = [];
  const packs: NotedPack[] = [];
  const open = (): Promise<FacePack> => {
    packs.push(notedPack('built-in', closed));
    return Promise.resolve(packs[packs.length - 1]!);
  };
  await using shelf = new PackShelf([shelved('built-in', { open })]);
  await shelf.get('built-in');
  packs[0]!.failure = new Error('a thread died');
  const [first, second] = await Promise.all([shelf.get('built-in'), shelf.get('built-in')]);
  assert.equal(first, packs[1]);
  assert.equal(second, packs[1]);
  assert.deepEqual(closed, ['built-in']);
  assert.deepEqual(names(shelf), ['built-in']);
});

test('a shelf that closes stops what it loads, and closes what is there all the same', async () => {
  const closed: string[] = [];
  const { promise, resolve } = Promise.withResolvers<FacePack>();
  let stopped = false;
  const open = (signal: AbortSignal): Promise<FacePack> => {
    signal.addEventListener('abort', () => {
      stopped = true;
      resolve(notedPack('sadtalker', closed));
    });
    return promise;
  };
  const shelf = new PackShelf([shelved('sadtalker', { open })]);
  const asked = shelf.get('sadtalker');
  await turn();
  await shelf.close();
  await asked;
  assert.ok(stopped);
  assert.deepEqual(closed, ['sadtalker']);
});
