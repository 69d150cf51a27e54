import assert from 'node:assert/strict';
import { it } from 'node:test';
import { quadraticWeights } from '../../../src/motion/sadtalker/pose-smoothing.ts';
import { smoothPose } from './smooth-pose.ts';

it('weights the middle of 13 frames as Savitzky and Golay do', () => {
  const expected = [-11, 0, 9, 16, 21, 24, 25, 24, 21, 16, 9, 0, -11];
  for (const [i, weight] of quadraticWeights(6, 0).entries()) {
    assert.ok(Math.abs(weight - expected[i]! / 143) < 1e-12, `weight ${i} is ${weight}`);
  }
});

it('keeps a parabola as it is, to both ends and for every length', () => {
  for (const frames of [3, 4, 12, 13, 14, 40]) {
    const track = Float32Array.from({ length: 2 * frames }, (_, i) => 0.01 * (i >> 1) ** 2 - (i % 2) * (i >> 1));
    const smoothed = smoothPose(track, 2);
    assert.ok(smoothed.every((value, i) => Math.abs(value - track[i]!) < 1e-4), `${frames} frames`);
  }
});

it('leaves one or two frames alone, where the reference fails', () => {
  assert.deepEqual(smoothPose(Float32Array.of(1, 2, 3, 4), 2), Float32Array.of(1, 2, 3, 4));
  assert.deepEqual(smoothPose(new Float32Array(), 2), new Float32Array());
});
