import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PreparationThread } from '../../src/avatars/preparation-thread.ts';
import { MODELS_FOLDER } from './portraits.ts';

const nobody = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3) };

test('an empty picture has no faces, and each call gets its own answer', async () => {
  await using thread = new PreparationThread(MODELS_FOLDER);
  assert.deepEqual(await Promise.all([thread.findFaces(nobody), thread.findFaces(nobody)]), [[], []]);
  assert.equal(thread.ended, false);
});

test('a folder without networks is told to every caller as model_missing', async () => {
  await using thread = new PreparationThread('/nowhere');
  await assert.rejects(thread.findFaces(nobody), { name: 'AvatarError', code: 'model_missing' });
  await assert.rejects(thread.findFaces(nobody), { name: 'AvatarError', code: 'model_missing' });
});

test('closing while starting rejects what is under way, twice is fine, and later calls are refused', async () => {
  const thread = new PreparationThread(MODELS_FOLDER);
  const finding = assert.rejects(thread.findFaces(nobody), { name: 'InvalidStateError' });
  assert.equal(thread.close(), thread.close());
  await thread.close();
  await finding;
  assert.equal(thread.ended, true);
  await assert.rejects(thread.findFaces(nobody), { name: 'InvalidStateError' });
});
