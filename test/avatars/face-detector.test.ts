import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFaces } from '../../src/avatars/face-detector.ts';

/** Output tensors of the detector with given anchors set: index into the 512 of the fine grid, logit and 16 values. */
function outputs(anchors: readonly { index: number; logit: number; values: readonly number[] }[]): Parameters<typeof decodeFaces>[0] {
  const scores16 = new Float32Array(512).fill(-20);
  const boxes16 = new Float32Array(512 * 16);
  for (const { index, logit, values } of anchors) {
    scores16[index] = logit;
    boxes16.set(values, index * 16);
  }
  return {
    scores16: { dims: [1, 512, 1], data: scores16 }, boxes16: { dims: [1, 512, 16], data: boxes16 },
    scores8: { dims: [1, 384, 1], data: new Float32Array(384).fill(-20) }, boxes8: { dims: [1, 384, 16], data: new Float32Array(384 * 16) },
  };
}

const region = { centre: { x: 511.5, y: 511.5 }, sidePx: 1024, angleRad: 0 };

test('an anchor of the fine grid is decoded relative to the centre of its cell', () => {
  // Anchor 2 · (3 · 16 + 5) is the first of the cell in column 5, row 3: centre (5.5, 3.5) · 16 input pixels = 4 picture pixels each.
  const values = [2, -1, 30, 40, -8, -6, 9, -5, 0, 0, 0, 0, 0, 0, 0, 0];
  const [face, ...others] = decodeFaces(outputs([{ index: 106, logit: 2, values }]), region);
  assert.ok(face !== undefined && others.length === 0);
  assert.ok(Math.abs(face.score - 1 / (1 + Math.exp(-2))) < 1e-6);
  assert.deepEqual(face.centre, { x: (88 + 2) * 4 - 0.5, y: (56 - 1) * 4 - 0.5 });
  assert.equal(face.sidePx, 160);
  assert.deepEqual(face.leftEye, { x: (88 - 8) * 4 - 0.5, y: (56 - 6) * 4 - 0.5 });
  assert.deepEqual(face.rightEye, { x: (88 + 9) * 4 - 0.5, y: (56 - 5) * 4 - 0.5 });
});

test('of overlapping boxes the best is kept, separate ones stay, and weak ones are dropped', () => {
  const box = [0, 0, 40, 40, ...Array.from({ length: 12 }, () => 0)];
  const faces = decodeFaces(outputs([
    { index: 106, logit: 1, values: box }, { index: 108, logit: 3, values: box },
    { index: 400, logit: 2, values: box }, { index: 10, logit: -0.5, values: box },
  ]), region);
  assert.deepEqual(faces.map((face) => Math.round(Math.log(face.score / (1 - face.score)))), [3, 2]);
});

test('missing outputs are named', () => {
  assert.throws(() => decodeFaces({}, region), /scores16/);
});
