import assert from 'node:assert/strict';
import { test } from 'node:test';
import { avatarPhoto } from '../../src/avatars/avatar-photo.ts';

test('draws the person through the matte over the background', () => {
  const photo = avatarPhoto({
    width: 3, height: 1, image: Uint8Array.of(200, 100, 0, 200, 100, 0, 200, 100, 0), matte: Uint8Array.of(0, 255, 51),
    background: Uint8Array.of(10, 20, 30, 10, 20, 30, 10, 20, 30),
  });
  assert.deepEqual(photo, { width: 3, height: 1, data: Uint8Array.of(10, 20, 30, 200, 100, 0, 48, 36, 24) });
});
