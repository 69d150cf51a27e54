import assert from 'node:assert/strict';
import { test } from 'node:test';
import { framePortrait } from '../../src/avatars/portrait-framing.ts';
import type { DetectedFace } from '../../src/avatars/face-detector.ts';

function face(x: number, y: number, sidePx: number): DetectedFace {
  return { score: 0.9, centre: { x, y }, sidePx, leftEye: { x: x - sidePx / 5, y }, rightEye: { x: x + sidePx / 5, y } };
}

const cases = [
  { what: 'a square portrait is kept whole', picture: [512, 512], face: face(256, 240, 210), size: [512, 512], crop: [512, 512] },
  { what: 'a large square is drawn at 720', picture: [2000, 2000], face: face(1000, 900, 900), size: [720, 720], crop: [2000, 2000] },
  { what: 'a wide picture becomes 1280 × 720', picture: [1920, 1080], face: face(900, 500, 500), size: [1280, 720], crop: [1920, 1080] },
  { what: 'a tall picture becomes 720 × 1280', picture: [1080, 1920], face: face(500, 700, 700), size: [720, 1280], crop: [1080, 1920] },
  { what: 'a panorama is cut to 16 : 9', picture: [3000, 1000], face: face(2500, 500, 500), size: [1280, 720], crop: [1778, 1000] },
  { what: 'a small picture is enlarged to 512', picture: [300, 400], face: face(150, 180, 140), size: [512, 688], crop: [298, 400] },
] as const;

for (const { what, picture: [width, height], face: detected, size, crop } of cases) {
  test(what, () => {
    const framing = framePortrait({ width, height }, detected);
    assert.deepEqual([framing.size.width, framing.size.height], size);
    assert.ok(Math.abs(framing.crop.width - crop[0]) <= 4 && Math.abs(framing.crop.height - crop[1]) <= 4, `crop ${framing.crop.width} × ${framing.crop.height}`);
    assert.ok(framing.crop.left >= 0 && framing.crop.left + framing.crop.width <= width);
    assert.ok(framing.crop.top >= 0 && framing.crop.top + framing.crop.height <= height);
    const distortion = (framing.crop.width / framing.crop.height) / (size[0] / size[1]);
    assert.ok(Math.abs(distortion - 1) < 0.01, `distorted by ${distortion}`);
  });
}

test('a small face is brought closer, with its head and shoulders around it', () => {
  const { crop, size } = framePortrait({ width: 4000, height: 3000 }, face(3000, 900, 400));
  assert.ok(Math.abs(crop.height - 1000) <= 2, `the crop is ${crop.height} high`);
  assert.ok(crop.left < 3000 - 300 && crop.left + crop.width > 3000 + 300);
  assert.ok(crop.top < 900 - 300 && crop.top + crop.height > 900 + 400);
  assert.equal(size.width % 16 + size.height % 16, 0);
});

test('a small face in a corner is framed inside the picture', () => {
  const { crop } = framePortrait({ width: 1600, height: 1200 }, face(90, 80, 120));
  assert.deepEqual([crop.left, crop.top], [0, 0]);
});
