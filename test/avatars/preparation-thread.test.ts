import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAvatar } from '../../src/avatars/avatar-files.ts';
import { avatarPhoto } from '../../src/avatars/avatar-photo.ts';
import { PreparationThread } from '../../src/avatars/preparation-thread.ts';
import { MODELS_FOLDER } from './portraits.ts';

const nobody = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3) };

test('an empty picture has no faces, and each call gets its own answer', async () => {
  await using thread = new PreparationThread(MODELS_FOLDER);
  assert.deepEqual(await Promise.all([thread.findFaces(nobody), thread.findFaces(nobody)]), [[], []]);
  assert.equal(thread.ended, false);
});

test('the mesh of the largest face is found, and none where nobody is', async () => {
  await using thread = new PreparationThread(MODELS_FOLDER);
  const avatar = await readAvatar(join(MODELS_FOLDER, 'portraits', 'astronaut'), true);
  const mesh = await thread.findMesh(avatarPhoto(avatar));
  assert.equal(mesh?.length, avatar.landmarks.length);
  assert.ok(mesh.every((value, i) => Math.abs(value - avatar.landmarks[i]!) < 2), 'within 2 pixels of the avatar\'s own');
  assert.equal(await thread.findMesh(nobody), undefined);
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
