import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitColourModel } from '../../src/avatars/guided-filter.ts';

test('a plane that is a linear function of the colours is explained exactly', () => {
  const size = { width: 24, height: 20 };
  const noise = (seed: number): Float32Array => Float32Array.from({ length: 480 }, (_, index) => 0.5 + 0.5 * Math.sin(index * seed + seed));
  const guide = [noise(1.3), noise(2.9), noise(4.1)] as const;
  const plane = guide[0].map((red, index) => 0.5 * red - 0.3 * guide[1][index]! + 0.2 * guide[2][index]! + 0.1);
  const { slope, offset } = fitColourModel(guide, plane, size, { radius: 3, epsilon: 1e-8 });
  for (let pixel = 0; pixel < plane.length; pixel++) {
    const explained = slope[0][pixel]! * guide[0][pixel]! + slope[1][pixel]! * guide[1][pixel]! + slope[2][pixel]! * guide[2][pixel]! + offset[pixel]!;
    assert.ok(Math.abs(explained - plane[pixel]!) < 2e-3, `pixel ${pixel}: ${explained}, expected ${plane[pixel]}`);
  }
});

test('a blurred step becomes sharp where the colours step', () => {
  const size = { width: 40, height: 10 };
  const step = Float32Array.from({ length: 400 }, (_, index) => (index % 40 < 20 ? 0.2 : 0.8));
  const blurred = Float32Array.from({ length: 400 }, (_, index) => Math.max(0, Math.min(1, ((index % 40) - 15) / 9)));
  const { slope, offset } = fitColourModel([step, step, step], blurred, size, { radius: 6, epsilon: 1e-4 });
  const at = (x: number): number => {
    const pixel = 5 * 40 + x;
    return (slope[0][pixel]! + slope[1][pixel]! + slope[2][pixel]!) * step[pixel]! + offset[pixel]!;
  };
  assert.ok(at(20) - at(19) > 0.5, `the step is only ${at(20) - at(19)} high`);
});
