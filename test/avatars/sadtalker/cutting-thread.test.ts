import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CuttingThread } from '../../../src/avatars/sadtalker/cutting-thread.ts';
import type { Point } from '../../../src/avatars/sadtalker/landmarks.ts';

const landmarks = Array.from({ length: 68 }, (_, i): Point => [20 + (i * 7) % 31, 20 + (i * 5) % 37]);
const order = { picture: { width: 80, height: 60, data: new Uint8Array(80 * 60 * 3).fill(128) }, landmarks, sizePx: 64 };

test('each call gets its own answer, and a failed one harms no other', async () => {
  await using thread = new CuttingThread();
  const broken = assert.rejects(thread.alignFace({ ...order, landmarks: [] }), Error);
  const { values, alignment } = await thread.alignFace(order);
  await broken;
  assert.equal(values.length, 3 * 224 * 224);
  assert.ok(values.includes(Math.fround(128 / 255)) && alignment.scale > 0);
});

test('closing while starting rejects what is under way, twice is fine, and later calls are refused', async () => {
  const thread = new CuttingThread();
  const aligning = assert.rejects(thread.alignFace(order), { name: 'InvalidStateError' });
  assert.equal(thread.close(), thread.close());
  await thread.close();
  await aligning;
  await assert.rejects(thread.alignFace(order), { name: 'InvalidStateError' });
});
