import assert from 'node:assert/strict';
import { it } from 'node:test';
import { faceCrop } from '../../../src/avatars/sadtalker/face-crop.ts';
import { LANDMARK_MESH_POINTS, meshLandmarks } from '../../../src/avatars/sadtalker/mesh-landmarks.ts';

/** Landmark on the other side of the face, for each of the 68. */
const MIRRORED = [
  ...Array.from({ length: 17 }, (_, i) => 16 - i), ...Array.from({ length: 10 }, (_, i) => 26 - i),
  27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
  54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
];

/** Mesh points that mirror each other, as MediaPipe numbers them, for those that landmarks use. */
const PAIRS: readonly (readonly [number, number])[] = [
  [127, 356], [234, 454], [93, 323], [58, 288], [172, 397], [136, 365], [150, 379], [176, 400], [70, 300], [46, 276], [63, 293], [53, 283],
  [105, 334], [52, 282], [66, 296], [65, 295], [107, 336], [55, 285], [98, 327], [97, 326], [33, 263], [160, 387], [158, 385], [133, 362],
  [153, 380], [144, 373], [61, 291], [39, 269], [37, 267], [405, 181], [314, 84], [78, 308], [81, 311], [402, 178],
];

it('takes each landmark from the mesh, left for left and right for right', () => {
  const other = new Map(PAIRS.flatMap(([a, b]) => [[a, b], [b, a]]));
  const mirrored = LANDMARK_MESH_POINTS.map((points) => points.map((point) => other.get(point) ?? point));
  assert.equal(LANDMARK_MESH_POINTS.length, 68);
  assert.deepEqual(MIRRORED.map((landmark) => LANDMARK_MESH_POINTS[landmark]), mirrored);
});

it('gives points of the mesh, the middle where two stand for one', () => {
  const mesh = Float32Array.from({ length: 468 * 3 }, (_, i) => i);
  const landmarks = meshLandmarks(mesh);
  assert.deepEqual(landmarks[30], [12, 13]);
  assert.deepEqual(landmarks[17], [174, 175]);
});

it('fits the crop of an upright face', () => {
  const mesh = new Float32Array(468 * 3);
  const place = (points: readonly number[], [x, y]: readonly [number, number]): void => {
    for (const point of points) {
      mesh.set([x, y, 0], point * 3);
    }
  };
  place([33, 160, 158, 133, 153, 144], [200, 200]);
  place([362, 385, 387, 263, 373, 380], [300, 200]);
  place([61], [210, 310]);
  place([291], [290, 310]);
  const { crop, quad } = faceCrop(meshLandmarks(mesh), 512, 512);
  const centre = crop.left + (quad.left + quad.right) / 2;
  assert.ok(Math.abs(centre - 250.5) < 1e-9, `centre at ${centre}`);
});
