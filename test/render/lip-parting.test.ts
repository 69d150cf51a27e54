import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { faceFrame, uOf, vOf } from '../../src/render/face-frame.ts';
import { lipsApart } from '../../src/render/lip-parting.ts';
import { mouthShape } from '../../src/render/mouth-shape.ts';
import { builtInPortrait } from './portraits.ts';

const hopper = await builtInPortrait('hopper');
const frame = faceFrame(hopper.landmarks);

/** The portrait with teeth painted between the lips, so high that half of it lies on either side of where they meet. */
function withTeeth(heightMm: number): Avatar {
  const image = new Uint8Array(hopper.image);
  const { upper } = mouthShape(hopper, frame);
  for (let pixel = 0; pixel < hopper.width * hopper.height; pixel += 1) {
    const [x, y] = [pixel % hopper.width, Math.floor(pixel / hopper.width)];
    const u = uOf(frame, x, y);
    const line = upper.values[Math.round((u - upper.startMm) * upper.samplesPerMm)];
    if (line !== undefined && Math.abs(vOf(frame, x, y) - line) < heightMm / 2) {
      image.set([150, 140, 128], 3 * pixel);
    }
  }
  return { ...hopper, image };
}

await test('what the mesh is sure of needs no photo', () => {
  assert.equal(lipsApart(hopper, frame, 1), false);
  assert.equal(lipsApart(hopper, frame, 9), true);
});

await test('in doubt, lips are apart where something pale lies between them, and closed where only their line does', () => {
  assert.equal(lipsApart(hopper, frame, 3), false);
  assert.equal(lipsApart(withTeeth(1), frame, 3), false);
  assert.equal(lipsApart(withTeeth(4), frame, 3), true);
});

await test('a photo without colours is in doubt taken for closed', () => {
  const image = hopper.image.map((_, at) => hopper.image[at - (at % 3)]!);
  assert.equal(lipsApart({ ...hopper, image }, frame, 3), false);
});
