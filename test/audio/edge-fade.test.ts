import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdgeFade } from '../../src/audio/edge-fade.ts';
import { assertCloseTo, largestStep } from './close-to.ts';

const RAMP = 10;

function faded(blocks: readonly { sound: number; stopAfter?: boolean }[], value = 1): number[] {
  const fade = new EdgeFade(RAMP);
  return blocks.flatMap(({ sound, stopAfter }) => {
    const block = new Float32Array(40).fill(value, 0, sound);
    fade.apply(block, sound);
    if (stopAfter === true) {
      fade.stop();
    }
    return [...block];
  });
}

test('sound rises over the ramp, is left alone, and its mirrored end falls to zero after it', () => {
  const signal = faded([{ sound: 40 }, { sound: 30 }, { sound: 0 }]);
  assertCloseTo(signal.slice(0, RAMP), Array.from({ length: RAMP }, (_, n) => n / RAMP), 1e-6);
  assertCloseTo(signal.slice(RAMP, 70), new Array<number>(60).fill(1), 0);
  assertCloseTo(signal.slice(70, 80), Array.from({ length: RAMP }, (_, n) => 1 - (n + 1) / RAMP), 1e-6);
  assertCloseTo(signal.slice(80), new Array<number>(40).fill(0), 0);
});

test('no stop and no start makes a step larger than two steps of the ramp', () => {
  const patterns = [[40, 0, 40], [35, 35, 0], [40, 39, 1, 0], [3, 2, 0, 40], [40, 40, 0, 0, 5, 0]];
  for (const pattern of patterns) {
    assert.ok(largestStep([0, ...faded([...pattern, 0].map((sound) => ({ sound })))]) <= 0.2, pattern.join());
  }
});

test('sound that follows other sound without a pause is crossed over', () => {
  const signal = faded([{ sound: 40, stopAfter: true }, { sound: 40 }]);
  assertCloseTo(signal.slice(40, 50), new Array<number>(10).fill(0.9), 1e-6);
});
