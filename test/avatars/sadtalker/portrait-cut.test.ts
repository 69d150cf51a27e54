import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Point } from '../../../src/avatars/sadtalker/landmarks.ts';
import { cutBox, cutPortrait, moveLandmarks, portraitBox } from '../../../src/avatars/sadtalker/portrait-cut.ts';

/** 68 landmarks of an upright face: the eyes' middles `eyesPx` apart around x, the mouth as far below. */
function face([x, y]: Point, eyesPx: number): Point[] {
  const landmarks = Array.from({ length: 68 }, (): Point => [x, y]);
  landmarks.fill([x - eyesPx / 2, y], 36, 42);
  landmarks.fill([x + eyesPx / 2, y], 42, 48);
  landmarks[48] = [x - eyesPx / 3, y + eyesPx];
  landmarks[54] = [x + eyesPx / 3, y + eyesPx];
  return landmarks;
}

const picture = (width: number, height: number): { width: number; height: number; data: Uint8Array } =>
  ({ width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => Math.floor(i / 3) % width % 256) });

describe('a portrait\'s cut', () => {
  it('is the face\'s square, four times as wide as the eyes are apart, or that with a border of a tenth', () => {
    const landmarks = face([300, 250], 60);
    assert.deepEqual(portraitBox({ width: 600, height: 500 }, landmarks, 'crop'), { left: 180, top: 136, right: 420, bottom: 376 });
    assert.deepEqual(portraitBox({ width: 600, height: 500 }, landmarks, 'extfull'), { left: 156, top: 112, right: 444, bottom: 400 });
    assert.deepEqual(portraitBox({ width: 600, height: 500 }, landmarks, 'resize'), { left: 0, top: 0, right: 600, bottom: 500 });
  });

  it('never reaches beyond the picture, where the reference\'s does', () => {
    for (const mode of ['crop', 'full', 'extcrop', 'extfull'] as const) {
      for (const [x, y] of [[20, 30], [290, 380], [150, 200], [290, 30]] as const) {
        const { left, top, right, bottom } = portraitBox({ width: 300, height: 400 }, face([x, y], 60), mode);
        assert.ok(left >= 0 && top >= 0 && right <= 300 && bottom <= 400 && right > left && bottom > top, `${mode} at ${x}, ${y}: ${left}, ${top}, ${right}, ${bottom}`);
      }
    }
  });

  it('may reach further down than the picture is wide, where the reference\'s does not', () => {
    const { top, bottom } = portraitBox({ width: 300, height: 800 }, face([150, 300], 90), 'crop');
    assert.deepEqual([top, bottom], [129, 489]);
  });

  it('is given in the picture\'s own pixels when a very large face is shrunk first', () => {
    const landmarks = face([1100, 950], 520);
    const photo = picture(2200, 2000);
    const { box, face: cut } = cutPortrait(photo, landmarks, { mode: 'crop', sizePx: 64 });
    assert.ok(Math.abs(box.right - box.left - 4 * 520) <= 3 && Math.abs((box.left + box.right) / 2 - 1100) <= 2, `${box.left} to ${box.right}`);
    assert.ok(Math.abs(cut.data[3 * 32]! - (1100 % 256)) < 40, `column ${cut.data[3 * 32]!}`);
  });

  it('moves the landmarks along with the pixels', () => {
    const photo = picture(200, 200);
    const { face: cut, landmarks, box } = cutPortrait(photo, face([100, 80], 30), { mode: 'crop', sizePx: 60 });
    assert.equal(box.right - box.left, 120);
    const [x] = landmarks[36]!;
    assert.equal(x, (85 + 0.5 - box.left) / 2 - 0.5);
    // Each pixel's value is its column, so the picture tells where it was taken from.
    const [before, after] = [cut.data[3 * Math.floor(x)]!, cut.data[3 * Math.ceil(x)]!];
    assert.ok(Math.abs(before + (after - before) * (x - Math.floor(x)) - 85) <= 1, `${before}, ${after}`);
  });

  it('copies a box and keeps landmarks on their pixels', () => {
    assert.deepEqual([...cutBox(picture(5, 4), { left: 1, top: 2, right: 3, bottom: 4 }).data], [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
    assert.deepEqual(moveLandmarks([[4, 7]], { left: 2, top: 4, right: 12, bottom: 14 }, 10), [[2, 3]]);
  });
});
