import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lentPicture } from '../../src/render/lent-picture.ts';

test('a lent picture goes back once, however often it is released', () => {
  let back = 0;
  const data = new Uint8Array(6);
  const picture = lentPicture({ width: 2, height: 2, data, mediaUs: 40_000 }, () => { back += 1; });
  assert.deepEqual([picture.width, picture.height, picture.mediaUs], [2, 2, 40_000]);
  assert.equal(picture.data, data);
  assert.equal(back, 0);
  picture.release();
  picture.release();
  assert.equal(back, 1);
});
