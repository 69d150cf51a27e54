import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FACE_COEFFICIENTS, FACE_INDEX, type FaceCoefficient } from '../../src/base/motion-frame.ts';
import { ExpressionSmoother } from '../../src/motion/expression-smoother.ts';

function mouth(coefficients: Partial<Record<FaceCoefficient, number>>): Float32Array {
  return Float32Array.from(FACE_COEFFICIENTS, (name) => coefficients[name] ?? 0);
}

test('pressed lips come at once and rounded ones nearly so, a smile takes its time', () => {
  const smoother = new ExpressionSmoother();
  const first = smoother.next(mouth({ press: 0.6, pucker: 0.6, smile: 0.6 }));
  assert.ok(Math.abs(first[FACE_INDEX.press]! - 0.6) < 1e-6);
  assert.ok(first[FACE_INDEX.pucker]! > 0.5 && first[FACE_INDEX.pucker]! < 0.6);
  assert.ok(first[FACE_INDEX.smile]! < 0.4);
});

test('the jaw moves at most 6 mm in a frame, and comes to rest at exactly 0', () => {
  const smoother = new ExpressionSmoother();
  assert.equal(smoother.next(mouth({ jaw: 14 }))[FACE_INDEX.jaw], 6);
  for (let frame = 0; frame < 8; frame++) {
    smoother.next(mouth({}));
  }
  assert.equal(smoother.next(mouth({}))[FACE_INDEX.jaw], 0);
});

test('lips that are to meet have met within the frame', () => {
  const smoother = new ExpressionSmoother();
  for (let frame = 0; frame < 20; frame++) {
    smoother.next(mouth({ jaw: 5.5, lowerDown: 0.4, upperUp: 0.3 }));
  }
  const met = smoother.next(mouth({ press: 1 }));
  const parting = [met[FACE_INDEX.jaw], met[FACE_INDEX.lowerDown], met[FACE_INDEX.upperUp]];
  assert.deepEqual(parting, [0, 0, 0]);
});

test('a held target is reached', () => {
  const smoother = new ExpressionSmoother();
  const target = mouth({ jaw: 8, stretch: 0.5, funnel: 0.7 });
  for (let frame = 0; frame < 20; frame++) {
    smoother.next(target);
  }
  assert.ok(smoother.next(target).every((value, i) => Math.abs(value - target[i]!) < 1e-3));
});

test('closing goes evenly to 0 in three frames, whatever the target is', () => {
  const smoother = new ExpressionSmoother();
  const target = mouth({ jaw: 6 });
  for (let frame = 0; frame < 20; frame++) {
    smoother.next(target);
  }
  smoother.close();
  const jaw = [1, 2, 3].map(() => smoother.next(target)[FACE_INDEX.jaw]!);
  assert.ok(Math.abs(jaw[0]! - 4) < 0.01 && Math.abs(jaw[1]! - 2) < 0.01 && jaw[2] === 0, jaw.join(', '));
});
