import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heightAt } from '../../src/render/curve.ts';
import { eyeShape } from '../../src/render/eye-shape.ts';
import { Eyelids, eyeSource, type EyeSource } from '../../src/render/eyelids.ts';
import { faceFrame } from '../../src/render/face-frame.ts';
import { builtInPortrait } from './portraits.ts';

const astronaut = await builtInPortrait('astronaut');
const hopper = await builtInPortrait('hopper');
const eye = eyeShape(astronaut, faceFrame(astronaut.landmarks), 'left');

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

await test('the rim of glasses is seen, and bare eyes have none', () => {
  assert.equal(eye.covered, false);
  assert.equal(eyeShape(hopper, faceFrame(hopper.landmarks), 'left').covered, true);
});
