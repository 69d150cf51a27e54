import assert from 'node:assert/strict';
import { test } from 'node:test';
import weights from '../../src/motion/mouth-net-weights.json' with { type: 'json' };
import { MOUTH_NET_INPUTS, MouthNet, poolPairs } from '../../src/motion/mouth-net.ts';
import { VISEME_INDEX, VISEMES } from '../../src/motion/viseme.ts';

test('pairs of mel frames are averaged group by group', () => {
  const relative = Float32Array.from({ length: 16 * 20 }, (_, i) => Math.floor(i / 20) + (i % 20) / 100);
  const pooled = new Float32Array(MOUTH_NET_INPUTS);
  poolPairs(relative, pooled);
  assert.ok(Math.abs(pooled[0]! - 0.5) < 1e-6);
  assert.ok(Math.abs(pooled[7 * 20 + 19]! - 14.69) < 1e-5);
});

test('a net computes softmax(V · max(0, H · x + h) + v)', () => {
  const hidden = [0, 1].map((unit) => Array.from({ length: MOUTH_NET_INPUTS }, (_, i) => (i === unit ? 2 : 0)));
  const visemes = VISEMES.map((_, row) => [row === 3 ? 1 : 0, row === 5 ? 1 : 0]);
  const net = new MouthNet({ hidden, hiddenBias: [0.5, -3], visemes, visemeBias: VISEMES.map(() => 0) });
  net.run(new Float32Array(16 * 20).fill(1));
  const total = 9 + Math.exp(2.5);
  assert.ok(Math.abs(net.probabilities[3]! - Math.exp(2.5) / total) < 1e-6);
  assert.ok(Math.abs(net.probabilities[5]! - 1 / total) < 1e-6);
});

test('the fitted net calls nothing silence, and its probabilities add up to 1', () => {
  const net = new MouthNet(weights);
  net.run(new Float32Array(16 * 20));
  assert.ok(net.probabilities[VISEME_INDEX.silence]! > 0.95);
  assert.ok(Math.abs(net.probabilities.reduce((sum, value) => sum + value, 0) - 1) < 1e-5);
});

test('weights of the wrong shape are refused', () => {
  assert.throws(() => new MouthNet({ ...weights, hiddenBias: weights.hiddenBias.slice(1) }), /hidden must be/);
  assert.throws(() => new MouthNet({ ...weights, visemeBias: [0] }), TypeError);
});
