import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RealFourierTransform } from '../../src/audio/real-fourier-transform.ts';
import { assertCloseTo } from './close-to.ts';

function directMagnitudes(signal: Float64Array): Float64Array {
  return Float64Array.from({ length: signal.length / 2 + 1 }, (_, k) => {
    let re = 0;
    let im = 0;
    for (const [n, value] of signal.entries()) {
      re += value * Math.cos((2 * Math.PI * k * n) / signal.length);
      im -= value * Math.sin((2 * Math.PI * k * n) / signal.length);
    }
    return Math.hypot(re, im);
  });
}

for (const size of [2, 4, 6, 10, 16, 30, 98, 800]) {
  test(`a transform of ${size} samples equals the sum it stands for`, () => {
    const signal = Float64Array.from({ length: size }, (_, n) => Math.sin(n * n + 1) + 0.3);
    const transform = new RealFourierTransform(size);
    const magnitudes = new Float64Array(transform.bins);
    transform.magnitudes(signal, magnitudes);
    assertCloseTo(magnitudes, directMagnitudes(signal), 1e-9);
  });
}

test('a transform refuses odd and broken lengths', () => {
  for (const size of [0, 1, 7, 2.5, Number.NaN]) {
    assert.throws(() => new RealFourierTransform(size), TypeError);
  }
});
