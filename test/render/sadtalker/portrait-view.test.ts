import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pastePlace, portraitView } from '../../../src/render/sadtalker/portrait-view.ts';
import { pictureRgb } from '../picture-rgb.ts';

const [width, height] = [32, 20];
const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => 40 + ((Math.floor(at / 3) % width) * 4) + (at % 3) * 20);
const portrait = { photo: { width, height, data }, box: { left: 2, top: 4, right: 22, bottom: 18 } };

test('around the face a picture is the photo, in the colours it is sent in', () => {
  const { base, ...place } = portraitView(portrait, 'portrait', 16);
  assert.deepEqual(place, { sizePx: 16, width, height, box: portrait.box });
  const back = pictureRgb(base, width, height);
  assert.ok(back.every((value, at) => Math.abs(value - data[at]!) <= 4), 'within what two rounds of colours lose');
});

test('a face alone fills a picture as wide as the networks draw, of the shape of the box, even', () => {
  assert.deepEqual(pastePlace(portrait, 'face', 16), { sizePx: 16, width: 16, height: 12, box: { left: 0, top: 0, right: 16, bottom: 12 } });
  assert.equal(portraitView(portrait, 'face', 16).base.length, 16 * 12 * 1.5);
  assert.equal(pastePlace({ ...portrait, box: { left: 0, top: 0, right: 30, bottom: 1 } }, 'face', 16).height, 2);
});
