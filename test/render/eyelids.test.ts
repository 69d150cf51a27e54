import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { heightAt } from '../../src/render/curve.ts';
import { eyeShape, type EyeShape } from '../../src/render/eye-shape.ts';
import { Eyelids, eyeSource, type EyeSource } from '../../src/render/eyelids.ts';
import { faceFrame, uOf, vOf } from '../../src/render/face-frame.ts';
import { personTones } from '../../src/render/person-tones.ts';
import { builtInPortrait } from './portraits.ts';

const astronaut = await builtInPortrait('astronaut');
const hopper = await builtInPortrait('hopper');
const eye = leftEye(astronaut);

function leftEye(avatar: Avatar): EyeShape {
  return eyeShape(avatar, faceFrame(avatar.landmarks), 'left', personTones(avatar));
}

/** Paints in one grey what lies around the left eye of the astronaut at the places (u from the iris, v) that `where` tells. */
function painted(grey: number, where: (aside: number, v: number) => boolean): Avatar {
  const frame = faceFrame(astronaut.landmarks);
  const image = new Uint8Array(astronaut.image);
  for (let pixel = 0; pixel < astronaut.width * astronaut.height; pixel += 1) {
    const [x, y] = [pixel % astronaut.width, Math.floor(pixel / astronaut.width)];
    const aside = uOf(frame, x, y) - eye.irisU;
    if (Math.abs(aside) < 22 && where(aside, vOf(frame, x, y))) {
      image.fill(grey, 3 * pixel, 3 * pixel + 3);
    }
  }
  return { ...astronaut, image };
}

function look(u: number, v: number, state: { blink?: number; gazeX?: number; gazeY?: number }): EyeSource {
  const source = eyeSource();
  new Eyelids(eye).trace({ blink: 0, gazeX: 0, gazeY: 0, ...state }, Float64Array.of(u, v), source);
  return source;
}

await test('an eye at rest looks as in the portrait everywhere', () => {
  for (let u = eye.leftMm - 3; u < eye.rightMm + 3; u += 1) {
    for (let v = eye.topMm - 3; v < eye.lowerMm + 5; v += 1) {
      const source = look(u, v, {});
      assert.deepEqual([source.changed, source.under[0], source.under[1], source.lidShare], [false, u, v, 0]);
    }
  }
});

await test('a closed lid covers the whole opening with skin from above it', () => {
  for (let u = eye.leftMm + 4; u < eye.rightMm - 4; u += 1) {
    for (let v = heightAt(eye.upper, u); v < heightAt(eye.lower, u) - 1.2; v += 0.5) {
      const source = look(u, v, { blink: 1 });
      assert.ok(source.lidShare > 0.98, `the lid covers ${source.lidShare} at ${u}, ${v}`);
      assert.ok(source.lid[1]! < heightAt(eye.upper, u), 'its colour comes from above the opening');
    }
  }
});

await test('a half closed lid covers the upper half only', () => {
  const u = (eye.leftMm + eye.rightMm) / 2;
  const [upper, lower] = [heightAt(eye.upper, u), heightAt(eye.lower, u)];
  assert.ok(look(u, upper + 0.2 * (lower - upper), { blink: 0.5 }).lidShare > 0.98);
  assert.equal(look(u, upper + 0.75 * (lower - upper), { blink: 0.5 }).lidShare, 0);
});

await test('the lid stretches evenly: colours keep their order from the brow down', () => {
  const u = (eye.leftMm + eye.rightMm) / 2;
  for (const blink of [0.2, 0.6, 1]) {
    let last = -Infinity;
    for (let v = heightAt(eye.top, u) + 0.1; look(u, v, { blink }).lidShare === 1; v += 0.1) {
      const lidV = look(u, v, { blink }).lid[1]!;
      assert.ok(lidV > last, `at blink ${blink} and v = ${v}`);
      last = lidV;
    }
  }
});

await test('gaze to the right takes the iris from its left, and leaves the corners', () => {
  const source = look(eye.irisU + 1, eye.irisV, { gazeX: 1 });
  assert.ok(source.under[0]! < eye.irisU, `${source.under[0]}`);
  assert.equal(look(eye.leftMm + 0.1, eye.irisV, { gazeX: 1 }).changed && look(eye.leftMm + 0.1, eye.irisV, { gazeX: 1 }).under[0]! < eye.leftMm - 0.2, false);
});

await test('the rim of glasses bars the lid, and its glare covers what would be stretched; bare eyes have neither', () => {
  assert.deepEqual([eye.barred, eye.covered, eye.hidden], [false, false, false]);
  const glasses = leftEye(hopper);
  assert.deepEqual([glasses.barred, glasses.covered, glasses.hidden], [true, true, false]);
});

await test('a low brow bars the lid above it only, and lid skin is stretched from there on', () => {
  const low = leftEye(painted(30, (_, v) => v > eye.irisV - 13 && v < eye.irisV - 9));
  assert.deepEqual([low.barred, low.covered], [true, false]);
  assert.ok(Math.abs(heightAt(low.top, eye.irisU) - (eye.irisV - 9)) < 1.5, `the lid begins at ${heightAt(low.top, eye.irisU) - eye.irisV}`);
});

await test('dark lashes are no bar', () => {
  const lashes = leftEye(painted(30, (aside, v) => v > heightAt(eye.upper, eye.irisU + aside) - 3 && v < heightAt(eye.upper, eye.irisU + aside) + 1));
  assert.deepEqual([lashes.barred, lashes.covered], [false, false]);
});

await test('dark glasses hide an eye', () => {
  assert.equal(leftEye(painted(20, (_, v) => v > eye.irisV - 14 && v < eye.irisV + 12)).hidden, true);
});
