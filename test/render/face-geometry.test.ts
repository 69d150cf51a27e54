import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heightAt } from '../../src/render/curve.ts';
import { ExpressionField, FIELD_COEFFICIENTS, type FieldCoefficient, type Layer } from '../../src/render/expression-field.ts';
import { faceFrame, meshPoint, photoPose, uOf, vOf, xOf, yOf } from '../../src/render/face-frame.ts';
import { headShape, headWeightAt, restTurn, turnTo } from '../../src/render/head-pose-field.ts';
import { mouthShape } from '../../src/render/mouth-shape.ts';
import { NEUTRAL_POSE } from '../../src/base/motion-frame.ts';
import { builtInPortrait } from './portraits.ts';

const hopper = await builtInPortrait('hopper');
const astronaut = await builtInPortrait('astronaut');

await test('the face frame turns pixels into millimetres and back', () => {
  const frame = faceFrame(hopper.landmarks);
  for (const [x, y] of [[100, 50], [256.5, 300.25], [400, 511]] as const) {
    assert.ok(Math.abs(xOf(frame, uOf(frame, x, y), vOf(frame, x, y)) - x) < 1e-9);
    assert.ok(Math.abs(yOf(frame, uOf(frame, x, y), vOf(frame, x, y)) - y) < 1e-9);
  }
  assert.ok(frame.pxPerMm > 1.3 && frame.pxPerMm < 1.8, `${frame.pxPerMm} px per mm`);
  const [x, y] = meshPoint(hopper.landmarks, 152);
  assert.ok(vOf(frame, x, y) > 30, 'the chin lies below the lips');
});

await test('a photo tells how its face is turned and tilted, in the signs of a pose', () => {
  // Outer eye corners: the right one of the picture lies lower, and farther from the camera.
  const landmarks = Float32Array.from(hopper.landmarks);
  landmarks.set([100, 100, 0], 33 * 3);
  landmarks.set([200, 110, 30], 263 * 3);
  const { yawDeg, rollDeg, pitchDeg } = photoPose(faceFrame(landmarks));
  assert.ok(Math.abs(yawDeg - 16.62) < 0.05 && Math.abs(rollDeg - 5.71) < 0.05 && pitchDeg === 0, `${yawDeg}, ${rollDeg}, ${pitchDeg}`);
});

await test('a toothy portrait is seen as open, one with closed lips as closed', () => {
  const open = mouthShape(astronaut, faceFrame(astronaut.landmarks));
  const closed = mouthShape(hopper, faceFrame(hopper.landmarks));
  assert.ok(open.open && open.gapMm > 8);
  assert.ok(!closed.open && closed.upper === closed.lower);
});

for (const [name, avatar] of [['closed lips', hopper], ['a toothy smile', astronaut]] as const) {
  const frame = faceFrame(avatar.landmarks);
  const mouth = mouthShape(avatar, frame);
  const field = new ExpressionField(mouth, [{ centreMm: 30, heightMm: -60, share: 1 }]);
  const edgeV = (layer: Layer, u: number): number => heightAt(layer === 'upper' ? mouth.upper : mouth.lower, u);
  const shiftOf = (coefficient: FieldCoefficient, layer: Layer, at: { u: number; v: number }): { du: number; dv: number } => {
    const shift = { du: 0, dv: 0 };
    field.unitShift(coefficient, layer, at, shift);
    return shift;
  };
  const gap = (coefficients: Partial<Record<FieldCoefficient, number>>, u: number): number => {
    let [upper, lower] = [edgeV('upper', u), edgeV('lower', u)];
    for (const [coefficient, amount] of Object.entries(coefficients)) {
      upper += amount * shiftOf(coefficient as FieldCoefficient, 'upper', { u, v: edgeV('upper', u) }).dv;
      lower += amount * shiftOf(coefficient as FieldCoefficient, 'lower', { u, v: edgeV('lower', u) }).dv;
    }
    return lower - upper;
  };
  const close = mouth.open ? { close: 1 } : {};

  await test(`with ${name}, lips touch all along at jaw 0 and stay so when they press, purse or stretch`, () => {
    for (const shape of [{}, { press: 1 }, { pucker: 1 }, { stretch: 1 }, { hang: 2 }, { pucker: 1, hang: 1.8 }]) {
      for (let u = mouth.leftMm + 1; u < mouth.rightMm; u += 3) {
        assert.ok(Math.abs(gap({ ...close, ...shape }, u)) < 0.35, `${JSON.stringify(shape)}: ${gap({ ...close, ...shape }, u)} mm at u = ${u}`);
      }
    }
  });

  await test(`with ${name}, the jaw opens the middle by its millimetres and the corners not at all`, () => {
    assert.ok(Math.abs(gap({ ...close, jaw: 10 }, mouth.centreMm) - 10.6) < 0.4, `${gap({ ...close, jaw: 10 }, mouth.centreMm)} mm`);
    assert.ok(Math.abs(gap({ ...close, jaw: 10 }, mouth.leftMm - 0.5)) < 0.2);
    assert.ok(Math.abs(gap({ ...close, jaw: 10 }, mouth.rightMm + 0.5)) < 0.2);
  });

  await test(`with ${name}, rounded lips open as far in the middle as the jaw goes and stay shut at the sides`, () => {
    const purse = { ...close, jaw: 6, purse: 6 };
    assert.ok(Math.abs(gap(purse, mouth.centreMm) - 6.4) < 0.4, `${gap(purse, mouth.centreMm)} mm`);
    for (const side of [-0.75, 0.75]) {
      const u = mouth.centreMm + side * mouth.halfWidthMm;
      assert.ok(gap({ ...close, jaw: 6 }, u) > 2 && gap(purse, u) < 0.5, `${gap({ ...close, jaw: 6 }, u)} mm, pursed ${gap(purse, u)} mm`);
    }
  });

  await test(`with ${name}, f and v leave room between the lips for the edge of the teeth`, () => {
    const middle = gap({ ...close, tuck: 1, upperUp: 0.5, jaw: 1 }, mouth.centreMm);
    assert.ok(middle > 1.8 && middle < 3.5, `${middle} mm`);
  });
}

await test('a smile closes from above: the upper lip comes down over the teeth, the nose stays', () => {
  const frame = faceFrame(astronaut.landmarks);
  const mouth = mouthShape(astronaut, frame);
  const field = new ExpressionField(mouth, []);
  const closing = (layer: Layer, v: number): number => {
    const shift = { du: 0, dv: 0 };
    field.unitShift('close', layer, { u: mouth.centreMm, v }, shift);
    return shift.dv;
  };
  const gap = heightAt(mouth.lower, mouth.centreMm) - heightAt(mouth.upper, mouth.centreMm);
  const down = closing('upper', heightAt(mouth.upper, mouth.centreMm));
  assert.ok(down > 0.6 * gap && down < 7.5, `${down} of ${gap} mm`);
  // The edges lie 0.4 mm inside the lips: of the rest, people show 2 to 3 mm of teeth below lips that just part.
  assert.ok(gap - down - 0.8 < 3.2, `${gap - down} mm are left to the lower lip`);
  assert.ok(Math.abs(closing('upper', mouth.noseMm - 3)) < 0.8, `the nose moves ${closing('upper', mouth.noseMm - 3)} mm`);
  assert.ok(down - closing('upper', heightAt(mouth.upper, mouth.centreMm) - 4) > 0.8, 'the red of the lip gets thicker');
});

await test('no coefficient moves the eyes with the mouth, or anything far away', () => {
  const mouth = mouthShape(hopper, faceFrame(hopper.landmarks));
  const field = new ExpressionField(mouth, []);
  for (const coefficient of FIELD_COEFFICIENTS) {
    for (const at of [{ u: 30, v: -70 }, { u: 0, v: 140 }, { u: 140, v: 0 }]) {
      const shift = { du: 0, dv: 0 };
      field.unitShift(coefficient, 'upper', at, shift);
      assert.ok(Math.hypot(shift.du, shift.dv) < 0.35, `${coefficient} moves ${at.u}, ${at.v} by ${Math.hypot(shift.du, shift.dv)} mm`);
    }
  }
});

await test('a pose turns near parts to where it says, and rest turns nothing', () => {
  const turn = restTurn();
  turnTo(NEUTRAL_POSE, turn);
  for (const [key, value] of Object.entries(restTurn())) {
    assert.ok(Math.abs(turn[key as keyof typeof turn] - (value as number)) < 1e-12, key);
  }
  turnTo({ ...NEUTRAL_POSE, yawDeg: 10 }, turn);
  assert.ok(turn.xz > 0.17 && turn.xz < 0.18, 'yaw carries what is near to the right');
  turnTo({ ...NEUTRAL_POSE, pitchDeg: 10 }, turn);
  assert.ok(turn.yz > 0.17 && turn.yz < 0.18, 'a nod carries what is near down');
  turnTo({ ...NEUTRAL_POSE, rollDeg: 10 }, turn);
  assert.ok(turn.yx > 0.17 && turn.xy < -0.17, 'a tilt goes clockwise');
});

await test('the head has weight on the face and none at the left, right and bottom borders', () => {
  const frame = faceFrame(astronaut.landmarks);
  const head = headShape(astronaut.landmarks, frame, mouthShape(astronaut, frame));
  const weight = (xPx: number, yPx: number): number => headWeightAt(head, { u: uOf(frame, xPx, yPx), v: vOf(frame, xPx, yPx), xPx, yPx }, astronaut);
  const [noseX, noseY] = meshPoint(astronaut.landmarks, 1);
  assert.ok(weight(noseX, noseY) > 0.99);
  for (const at of [0, 128, 256, 384, 511]) {
    assert.equal(weight(0, at), 0);
    assert.equal(weight(511, at), 0);
    assert.equal(weight(at, 511), 0);
  }
});
