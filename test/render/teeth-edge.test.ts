import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { curveThrough, heightAt } from '../../src/render/curve.ts';
import { faceFrame, uOf, vOf } from '../../src/render/face-frame.ts';
import { teethEdge } from '../../src/render/teeth-edge.ts';
import { builtInPortrait } from './portraits.ts';

const astronaut = await builtInPortrait('astronaut');
const frame = faceFrame(astronaut.landmarks);
const upper = curveThrough([{ u: -25, v: 0 }, { u: 25, v: 0 }]);
const lower = curveThrough([{ u: -25, v: 9 }, { u: 25, v: 9 }]);

interface PaintedTeeth {
  /** White from the upper lip down to here, and again from `lowerFromMm` on. */
  readonly toMm: number;
  readonly halfWidthMm: number;
  readonly lowerFromMm?: number;
  /** A dark gap between two teeth, from 2 mm down. */
  readonly gapAtMm?: number;
}

/** The portrait with painted teeth, and the dark below and beside them. */
function withTeeth({ toMm, halfWidthMm, lowerFromMm = Infinity, gapAtMm = Infinity }: PaintedTeeth): Avatar {
  const image = new Uint8Array(astronaut.image);
  for (let pixel = 0; pixel < astronaut.width * astronaut.height; pixel += 1) {
    const [x, y] = [pixel % astronaut.width, Math.floor(pixel / astronaut.width)];
    const [u, v] = [uOf(frame, x, y), vOf(frame, x, y)];
    const inGap = Math.abs(u - gapAtMm) < 1.2 && v > 2;
    if (v > 0 && v < 9 && Math.abs(u) < 30) {
      const white = !inGap && Math.abs(u) < halfWidthMm && (v < toMm || v > lowerFromMm);
      image.set(white ? [235, 228, 210] : [30, 16, 14], pixel * 3);
    }
  }
  return { ...astronaut, image };
}

await test('teeth end where the dark of an open mouth begins; lower teeth are others', () => {
  for (const photo of [withTeeth({ toMm: 4, halfWidthMm: 22 }), withTeeth({ toMm: 4, halfWidthMm: 22, lowerFromMm: 7 })]) {
    const edge = teethEdge(photo, frame, { upper, lower });
    assert.ok(Math.abs(heightAt(edge, 0) - 4) < 0.7, `${heightAt(edge, 0)} instead of 4 mm`);
  }
});

await test('teeth that reach the lower lip end there', () => {
  const edge = teethEdge(withTeeth({ toMm: 9, halfWidthMm: 22 }), frame, { upper, lower });
  assert.ok(heightAt(edge, 0) > 8.4, `${heightAt(edge, 0)} instead of 9 mm`);
});

await test('in the shade beside the teeth the edge goes on', () => {
  const edge = teethEdge(withTeeth({ toMm: 4, halfWidthMm: 12 }), frame, { upper, lower });
  assert.ok(Math.abs(heightAt(edge, 20) - 4) < 0.8, `${heightAt(edge, 20)} instead of 4 mm`);
});

await test('a dark mouth has no teeth in view', () => {
  assert.equal(teethEdge(withTeeth({ toMm: 0, halfWidthMm: 22 }), frame, { upper, lower }), upper);
});

await test('a dark gap between two teeth leaves their edge where it is', () => {
  const edge = teethEdge(withTeeth({ toMm: 6, halfWidthMm: 22, gapAtMm: 5 }), frame, { upper, lower });
  assert.ok(Math.abs(heightAt(edge, 5) - 6) < 0.7, `${heightAt(edge, 5)} instead of 6 mm`);
});
