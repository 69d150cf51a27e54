import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareRemainder } from '../../src/avatars/layer-remainder.ts';

/** One row of pixels, grey, coverage rising from 0 to 1 while the picture stays as it is. */
function row(photo: number, personGrey: number, backgroundGrey: number): { alpha: number; drawn: number; background: number }[] {
  const width = 256;
  const data = new Uint8Array(width * 3).fill(photo);
  const matte = Uint8Array.from({ length: width }, (_, x) => x);
  const person = new Uint8Array(width * 3).fill(personGrey);
  const background = new Uint8Array(width * 3).fill(backgroundGrey);
  shareRemainder({ width, height: 1, data }, matte, { person, background });
  return Array.from({ length: width }, (_, x) => {
    const alpha = x / 255;
    return { alpha, drawn: alpha * person[3 * x]! + (1 - alpha) * background[3 * x]!, background: background[3 * x]! };
  });
}

test('a matte that is wrong does not change the picture at rest', () => {
  for (const { alpha, drawn } of row(150, 100, 180)) {
    if (alpha >= 0.5) {
      assert.ok(Math.abs(drawn - 150) <= 2, `at coverage ${alpha} it is ${drawn} instead of 150`);
    }
  }
});

test('the background keeps its colour, so that no ghost of an outline stays behind', () => {
  for (const { alpha, background } of row(150, 100, 180)) {
    assert.ok(alpha < 0.12 || Math.abs(background - 180) <= 1, `at coverage ${alpha} the background is ${background}`);
  }
});

test('what the person\'s colour cannot hold goes into the background', () => {
  const [before, after] = [0.5 * 10 + 0.5 * 60, row(250, 10, 60)[128]!];
  assert.ok(after.drawn > before + 100, `drawn ${after.drawn}`);
  assert.ok(after.background > 60 && after.background < 255);
});
