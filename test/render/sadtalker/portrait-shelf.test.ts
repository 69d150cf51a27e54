import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NeuralPortrait } from '../../../src/avatars/sadtalker/neural-portrait.ts';
import { PortraitShelf } from '../../../src/render/sadtalker/portrait-shelf.ts';

const portrait = (id: string): NeuralPortrait => {
  const image = { width: 2, height: 2, data: new Uint8Array(12) };
  return { id, mode: 'crop', photo: image, face: image, box: { left: 0, top: 0, right: 2, bottom: 2 }, coefficients: new Float32Array(73) };
};

test('a portrait is prepared once for all its drawings, and kept a while after the last', async () => {
  const prepared: string[] = [];
  const shelf = new PortraitShelf(({ id }) => {
    prepared.push(id);
    return Promise.resolve({ id });
  });
  const first = await shelf.take(portrait('a'));
  assert.equal(await shelf.take(portrait('a')), first);
  shelf.release('a');
  shelf.release('a');
  assert.equal(await shelf.take(portrait('a')), first);
  assert.deepEqual(prepared, ['a']);
});

test('of the unused portraits the last four are kept, of the used ones all', async () => {
  const prepared: string[] = [];
  const shelf = new PortraitShelf(({ id }) => {
    prepared.push(id);
    return Promise.resolve(id);
  });
  await shelf.take(portrait('used'));
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
    await shelf.take(portrait(id));
    shelf.release(id);
  }
  assert.equal(shelf.size, 5);
  await shelf.take(portrait('used'));
  await shelf.take(portrait('c'));
  await shelf.take(portrait('b'));
  assert.deepEqual(prepared, ['used', 'a', 'b', 'c', 'd', 'e', 'f', 'b']);
});

test('a portrait that could not be prepared is not held', async () => {
  let fails = true;
  const shelf = new PortraitShelf(() => (fails ? Promise.reject(new Error('no memory')) : Promise.resolve('ready')));
  await assert.rejects(shelf.take(portrait('a')), /no memory/);
  shelf.release('a');
  assert.equal(shelf.size, 0);
  fails = false;
  assert.equal(await shelf.take(portrait('a')), 'ready');
});
