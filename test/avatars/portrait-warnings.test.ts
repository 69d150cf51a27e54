import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAvatar } from '../../src/avatars/avatar-files.ts';
import { portraitWarnings } from '../../src/avatars/portrait-warnings.ts';
import type { RgbImage } from '../../src/avatars/rgb-image.ts';
import { MODELS_FOLDER } from './portraits.ts';

const portraits = await Promise.all(['astronaut', 'hopper'].map((name) => readAvatar(join(MODELS_FOLDER, 'portraits', name), true)));
const [astronaut] = portraits as [(typeof portraits)[number]];

function warned(change: { readonly pixel?: (value: number) => number; readonly mesh?: (points: Float32Array) => void; readonly image?: RgbImage }): string[] {
  const landmarks = new Float32Array(astronaut.landmarks);
  change.mesh?.(landmarks);
  const { width, height } = astronaut;
  const data = new Uint8Array(astronaut.image).map((value) => change.pixel?.(value) ?? value);
  return portraitWarnings(change.image ?? { width, height, data }, landmarks);
}

/** Moves a mesh point by millimetres of the face. */
function move(points: Float32Array, index: number, downMm: number): void {
  points[3 * index + 1]! += (downMm * Math.hypot(points[3 * 263]! - points[3 * 33]!, points[3 * 263 + 1]! - points[3 * 33 + 1]!)) / 90;
}

await test('the portraits that come with the project have no faults, though one is small and laughs', () => {
  for (const { width, height, image, landmarks } of portraits) {
    assert.deepEqual(portraitWarnings({ width, height, data: image }, landmarks), []);
  }
});

await test('a turned face, a wide open mouth, closed eyes and a face cut off are told', () => {
  const faults: readonly [RegExp, (points: Float32Array) => void][] = [
    [/turned 4\d°/, (points) => { points[3 * 263 + 2]! += points[3 * 263]! - points[3 * 33]!; }],
    [/mouth is wide open/, (points) => { move(points, 14, 10); }],
    [/eyes are closed/, (points) => {
      for (const [upper, lower] of [[160, 144], [159, 145], [158, 153], [387, 373], [386, 374], [385, 380]] as const) {
        points.set(points.subarray(3 * lower, 3 * lower + 2), 3 * upper);
      }
    }],
    [/outside the picture/, (points) => {
      for (let index = 0; index < 6; index += 1) {
        points[3 * index + 1] = -4;
      }
    }],
  ];
  for (const [message, mesh] of faults) {
    const warnings = warned({ mesh });
    assert.equal(warnings.length, 1, warnings.join(' '));
    assert.match(warnings[0]!, message);
  }
});

await test('a dark, a pale and a blurred picture are told, each by one warning', () => {
  assert.match(warned({ pixel: (value) => value * 0.3 }).join(), /^The picture is very dark[^,]*$/);
  assert.match(warned({ pixel: (value) => 100 + value * 0.35 }).join(), /^The picture has little contrast[^,]*$/);
  const { width, height, image } = astronaut;
  const data = image.map((_, at) => {
    let sum = 0;
    for (let step = -6; step <= 6; step += 1) {
      sum += (image[at + 3 * step] ?? 0) + (image[at + 3 * step * width] ?? 0);
    }
    return sum / 26;
  });
  assert.match(warned({ image: { width, height, data } }).join(), /^The face is blurred[^,]*$/);
});

await test('dark skin is no dark picture', () => {
  assert.deepEqual(warned({ pixel: (value) => (value < 215 ? value * 0.35 : value) }), []);
});
