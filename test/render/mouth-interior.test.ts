import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MouthInterior, type InteriorState, type Tint } from '../../src/render/mouth-interior.ts';

const CLEAR = { dark: 8, bright: 235 };

const interior = new MouthInterior({ halfWidthMm: 24, skin: [210, 170, 150], teeth: [228, 206, 182], tones: CLEAR, ownTeeth: false });

function colour(v: number, state: Partial<InteriorState>, u = 4): Tint {
  const tint: Tint = { y: 0, u: 0, v: 0 };
  interior.shade(Float64Array.of(u, v), { jawMm: 10, tongue: 0, rounding: 0, ...state }, tint);
  return tint;
}

await test('upper teeth stay with the skull while the jaw opens', () => {
  assert.ok(colour(1, {}).y > 130, 'bright');
  assert.ok(Math.abs(colour(1, { jawMm: 4 }).y - colour(1, { jawMm: 14 }).y) < 1);
});

await test('lower teeth go with the jaw', () => {
  assert.ok(colour(6, { jawMm: 5 }).y > colour(6, { jawMm: 14 }).y + 30);
});

await test('teeth are warm, not grey or blue', () => {
  for (const v of [1, 10.5]) {
    const tint = colour(v, {});
    assert.ok(tint.u < 0 && tint.v > 0, `at ${v}: U ${tint.u}, V ${tint.v}`);
  }
});

await test('behind rounded lips the teeth lie in the dark, unless the mouth is wide open', () => {
  assert.ok(colour(1, { jawMm: 4, rounding: 1 }).y < 0.35 * colour(1, { jawMm: 4 }).y);
  assert.ok(colour(5.5, { jawMm: 4, rounding: 1 }).y < 0.6 * colour(5.5, { jawMm: 4 }).y);
  assert.ok(colour(1, { jawMm: 12, rounding: 1 }).y > 0.5 * colour(1, { jawMm: 12 }).y);
});

await test('shade is as dark as the photo', () => {
  const dim = new MouthInterior({ halfWidthMm: 24, skin: [60, 45, 40], teeth: [80, 75, 66], tones: CLEAR, ownTeeth: false });
  assert.ok(dim.shadow.y < 0.5 * interior.shadow.y && dim.lipShadow.y < 0.5 * interior.lipShadow.y);
});

await test('a photo without colours gets a mouth without any', () => {
  const grey = new MouthInterior({ halfWidthMm: 24, skin: [180, 180, 180], teeth: [220, 220, 220], tones: CLEAR, ownTeeth: true });
  const tint: Tint = { y: 0, u: 0, v: 0 };
  for (const v of [1, 5, 9, 12]) {
    grey.shade(Float64Array.of(0, v), { jawMm: 10, tongue: 0, rounding: 0 }, tint);
    assert.ok(Math.abs(tint.u) < 1 && Math.abs(tint.v) < 1, `U ${tint.u}, V ${tint.v} at ${v}`);
  }
});

await test('in a hazy photo nothing inside the mouth is darker than the darkest of the person', () => {
  const hazy = new MouthInterior({ halfWidthMm: 24, skin: [170, 155, 148], teeth: [180, 175, 170], tones: { dark: 90, bright: 185 }, ownTeeth: false });
  const tint: Tint = { y: 0, u: 0, v: 0 };
  hazy.shade(Float64Array.of(4, 4), { jawMm: 10, tongue: 0, rounding: 0 }, tint);
  assert.ok(tint.y > 60 && tint.y < 85, `Y ${tint.y} over black`);
  assert.ok(colour(4, {}).y < 25, 'a clear photo keeps its dark');
});

await test('a raised tongue fills what was dark', () => {
  assert.ok(colour(4.5, { tongue: 1 }, 0).v > colour(4.5, { tongue: 0 }, 0).v + 5);
});

await test('teeth end before the corners of the mouth', () => {
  assert.ok(colour(0.3, {}, 23.9).y < 60);
});
