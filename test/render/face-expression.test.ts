import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELD_COEFFICIENTS, NARROWED_SHARE, SMILE_WIDENING_MM } from '../../src/render/expression-field.ts';
import { FIELD_INDEX, fieldCoefficients } from '../../src/render/face-expression.ts';
import { faceFrame } from '../../src/render/face-frame.ts';
import { mouthShape, type MouthShape } from '../../src/render/mouth-shape.ts';
import { builtInPortrait, motionOf } from './portraits.ts';

const hopper = await builtInPortrait('hopper');
const astronaut = await builtInPortrait('astronaut');
const closed = mouthShape(hopper, faceFrame(hopper.landmarks));
const smiling = mouthShape(astronaut, faceFrame(astronaut.landmarks));

function fieldOf(mouth: MouthShape, coefficients: Parameters<typeof motionOf>[0]): (name: (typeof FIELD_COEFFICIENTS)[number]) => number {
  const out = new Float32Array(FIELD_COEFFICIENTS.length);
  fieldCoefficients(motionOf(coefficients).expression, mouth, out);
  return (name) => out[FIELD_INDEX[name]]!;
}

await test('closed lips open as far as the jaw is told, up to what the mouth allows', () => {
  for (const jaw of [0, 1, 4, 9, 14]) {
    assert.ok(Math.abs(fieldOf(closed, { jaw })('jaw') - jaw) < 1e-5);
  }
  assert.ok(fieldOf(closed, { jaw: 90 })('jaw') < 18);
});

await test('a smiling portrait opens small vowels less and wide ones farther, by a quarter at most, and always in their order', () => {
  assert.equal(fieldOf(smiling, { jaw: 0 })('jaw'), 0);
  assert.ok(Math.abs(fieldOf(smiling, { jaw: 4 })('jaw') - 4) < 1e-5);
  let before = 0;
  for (let jaw = 0.25; jaw <= 12; jaw += 0.25) {
    const drawn = fieldOf(smiling, { jaw })('jaw');
    assert.ok(drawn > before, `${drawn} at ${jaw}`);
    assert.ok(jaw < 2 || Math.abs(drawn / jaw - 1) <= 0.25 + 1e-6, `${drawn} at ${jaw}`);
    before = drawn;
  }
});

await test('a smiling portrait moves its lips as much less or more as its jaw', () => {
  for (const jaw of [1.5, 9]) {
    const field = fieldOf(smiling, { jaw, upperUp: 0.3, lowerDown: 0.5 });
    assert.ok(Math.abs(field('upperUp') / 0.3 - field('jaw') / jaw) < 1e-5 && Math.abs(field('lowerDown') / 0.5 - field('jaw') / jaw) < 1e-5);
  }
});

await test('a toothy portrait is closed at rest, and a smile opens it', () => {
  assert.equal(fieldOf(smiling, {})('close'), 1);
  assert.equal(fieldOf(smiling, { smile: 1 })('close'), 0);
  assert.equal(fieldOf(closed, {})('close'), 0);
});

await test('rounding purses what the jaw opens and lets the lips hang over the teeth', () => {
  for (const mouth of [closed, smiling]) {
    const rounded = fieldOf(mouth, { pucker: 0.5, jaw: 4 });
    assert.ok(Math.abs(rounded('purse') - 2) < 1e-5 && rounded('hang') > 0.5);
    assert.ok(fieldOf(mouth, { jaw: 4 })('purse') === 0 && fieldOf(mouth, { jaw: 4 })('hang') === 0);
  }
});

await test('all that rounds the lips together narrows the mouth by little more than pucker alone', () => {
  for (const mouth of [closed, smiling]) {
    const narrowed = (rounding: Parameters<typeof motionOf>[0]): number => {
      const field = fieldOf(mouth, rounding);
      const smile = mouth.open ? (-field('smile') * SMILE_WIDENING_MM) / mouth.halfWidthMm : 0;
      return NARROWED_SHARE.pucker * field('pucker') + NARROWED_SHARE.funnel * field('funnel') + smile;
    };
    assert.ok(Math.abs(narrowed({ pucker: 0.5 }) - 0.5 * NARROWED_SHARE.pucker) < 0.06);
    for (const rounding of [{ pucker: 1, funnel: 1 }, { pucker: 1 }, { pucker: 0.8, funnel: 0.8 }]) {
      assert.ok(narrowed(rounding) < 0.42 + 1e-6, `${narrowed(rounding)}`);
    }
  }
  assert.ok(Math.abs(fieldOf(smiling, { pucker: 0.8, funnel: 0.8 })('pucker') - fieldOf(smiling, { pucker: 0.8, funnel: 0.8 })('funnel')) < 1e-6);
});

await test('a little rounding leaves a smile, much takes it away', () => {
  assert.ok(fieldOf(smiling, { pucker: 0.2 })('smile') > -0.05);
  assert.ok(fieldOf(smiling, { funnel: 1 })('smile') < -0.3);
});

await test('f brings the lower lip to the upper teeth however weakly it is told, and p does not', () => {
  for (const mouth of [closed, smiling]) {
    for (const tuck of [0.42, 1]) {
      const f = fieldOf(mouth, { tuck, jaw: 0.5, upperUp: 0.1, lowerDown: 0.4, pucker: 0.3 });
      assert.ok(f('tuck') > 0.99 && Math.abs(f('jaw') - 2.2) < 0.01 && f('upperUp') > 0.39, `jaw ${f('jaw')}, upper lip ${f('upperUp')}`);
      assert.ok(Math.max(f('lowerDown'), f('hang'), f('purse')) < 0.01);
    }
    const a = fieldOf(mouth, { tuck: 0.5, jaw: 9 });
    assert.ok(Math.abs(a('jaw') / fieldOf(mouth, { jaw: 9 })('jaw') - 1) < 1e-5, `a jaw as open as this is no f: ${a('jaw')} mm`);
    const p = fieldOf(mouth, { tuck: 0.3, press: 1 });
    assert.ok(p('jaw') === 0 && p('upperUp') === 0 && Math.abs(p('tuck') - 0.3) < 1e-6);
  }
});
