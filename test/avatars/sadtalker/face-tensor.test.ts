import assert from 'node:assert/strict';
import { it } from 'node:test';
import { alignFace } from '../../../src/avatars/sadtalker/face-alignment.ts';
import { faceTensor } from '../../../src/avatars/sadtalker/face-tensor.ts';
import type { Point } from '../../../src/avatars/sadtalker/landmarks.ts';
import { Goldens } from '../../models/goldens.ts';
import { alignLandmarks } from './align-landmarks.ts';

/** The set of the goldens' landmarks that belongs to their picture. */
const SET = 3;

it('gives the reference\'s aligned picture, plane by plane', () => {
  using goldens = new Goldens(new URL('../../models/fixtures/cases.safetensors', import.meta.url));
  const sets = goldens.doubles('preprocess.lm68');
  const landmarks = Array.from({ length: 68 }, (_, i): Point => [sets[2 * (68 * SET + i)]!, sets[2 * (68 * SET + i) + 1]!]);
  const picture = { width: 256, height: 256, data: goldens.bytes('preprocess.align_image') };
  const { values, alignment } = faceTensor(picture, landmarks);
  const expected = goldens.bytes('preprocess.align_224');
  assert.equal(values.length, expected.length);
  const different = values.findIndex((value, i) => value !== Math.fround(expected[3 * (i % (224 * 224)) + Math.floor(i / (224 * 224))]! / 255));
  assert.equal(different, -1, `value ${different} differs`);
  assert.deepEqual(alignment, alignFace(landmarks, 256));
});

it('puts the eyes and the mouth where the mean face has them', () => {
  const landmarks = Array.from({ length: 68 }, (): Point => [100, 100]);
  const place = (from: number, to: number, point: Point): void => { landmarks.fill(point, from, to); };
  place(36, 42, [80, 90]);
  place(42, 48, [120, 90]);
  place(30, 31, [100, 112]);
  place(48, 49, [84, 133]);
  place(54, 55, [116, 133]);
  const aligned = alignLandmarks(landmarks, alignFace(landmarks, 200), { width: 200, height: 200 });
  const [left, right, mouth] = [aligned[36]!, aligned[42]!, aligned[48]!];
  assert.ok(Math.abs((left[0] + right[0]) / 2 - 112) < 1 && Math.abs(left[1] - right[1]) < 1e-6, `eyes at ${left.join(', ')} and ${right.join(', ')}`);
  assert.ok(Math.abs(right[0] - left[0] - 0.6213 * 102) < 4, `${right[0] - left[0]} pixels between the eyes`);
  assert.ok(Math.abs(left[1] - mouth[1] - 0.6714 * 102) < 4, `${left[1] - mouth[1]} pixels from eyes to mouth`);
});
