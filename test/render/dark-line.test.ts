import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { curveThrough, heightAt } from '../../src/render/curve.ts';
import { darkLine } from '../../src/render/dark-line.ts';
import { faceFrame, facePoint, uOf, vOf } from '../../src/render/face-frame.ts';
import { builtInPortrait } from './portraits.ts';

const hopper = await builtInPortrait('hopper');
const frame = faceFrame(hopper.landmarks);

/** The portrait with its mouth painted over: skin, and a dark line from one u to another whose height is known. */
function withLine(line: { readonly fromMm: number; readonly toMm: number; v(u: number): number }): Avatar {
  const image = new Uint8Array(hopper.image);
  for (let y = 0; y < hopper.height; y += 1) {
    for (let x = 0; x < hopper.width; x += 1) {
      const u = uOf(frame, x, y);
      const away = Math.abs(vOf(frame, x, y) - line.v(u));
      const dark = u > line.fromMm && u < line.toMm ? 110 * Math.exp(-((away / 0.8) ** 2)) : 0;
      image.fill(170 - dark, (y * hopper.width + x) * 3, (y * hopper.width + x) * 3 + 3);
    }
  }
  return { ...hopper, image };
}

const level = curveThrough([{ u: -20, v: 0 }, { u: 20, v: 0 }]);

await test('a line that lies above the mesh\'s on one side and below it on the other is followed', () => {
  const v = (u: number): number => u / 12;
  const { curve } = darkLine(withLine({ fromMm: -23, toMm: 22, v }), frame, level);
  for (const u of [-20, -10, 0, 10, 20]) {
    assert.ok(Math.abs(heightAt(curve, u) - v(u)) < 0.4, `${heightAt(curve, u)} instead of ${v(u)} at ${u}`);
  }
});

await test('the line ends where it fades, beyond the mesh\'s corners or at them', () => {
  const long = darkLine(withLine({ fromMm: -23, toMm: 22, v: () => 1 }), frame, level);
  assert.ok(Math.abs(long.leftMm + 23) < 0.8 && Math.abs(long.rightMm - 22) < 0.8, `${long.leftMm} to ${long.rightMm}`);
  const short = darkLine(withLine({ fromMm: -20, toMm: 20, v: () => 1 }), frame, level);
  assert.ok(Math.abs(short.leftMm + 20) <= 1 && Math.abs(short.rightMm - 20) <= 1, `${short.leftMm} to ${short.rightMm}`);
});

await test('without any line the mesh\'s stays', () => {
  const none = darkLine(withLine({ fromMm: 0, toMm: 0, v: () => 0 }), frame, level);
  assert.ok(Math.abs(none.leftMm + 20) <= 1 && Math.abs(none.rightMm - 20) <= 1, `${none.leftMm} to ${none.rightMm}`);
  assert.ok(Math.abs(heightAt(none.curve, 0)) < 0.3);
});

await test('the corners of a real mouth lie outside those of the mesh, which sees it too small', () => {
  const corners = [78, 308].map((index) => facePoint(frame, hopper.landmarks, index)) as [{ u: number; v: number }, { u: number; v: number }];
  const { leftMm, rightMm } = darkLine(hopper, frame, curveThrough(corners));
  assert.ok(leftMm < corners[0].u - 1.5 && rightMm > corners[1].u + 1.5, `${leftMm} and ${rightMm} instead of ${corners[0].u} and ${corners[1].u}`);
});
