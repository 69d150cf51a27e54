import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fromHalfFloats, toHalfFloats } from '../../src/models/half-float.ts';

it('reads back every half it writes, subnormal ones too', () => {
  const finite = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((half) => (half & 0x7c00) !== 0x7c00);
  assert.deepEqual(toHalfFloats(fromHalfFloats(finite)), finite);
});

it('rounds to the nearest half, ties to the even one', () => {
  const spacing = 2 ** -10;
  assert.deepEqual([...fromHalfFloats(toHalfFloats(Float32Array.of(1 + 0.49 * spacing, 1 + 0.5 * spacing, 1 + 1.5 * spacing, -1 - 0.51 * spacing)))], [1, 1, 1 + 2 * spacing, -1 - spacing]);
  assert.deepEqual([...toHalfFloats(Float32Array.of(65519, 65520, 2 ** -25, 2 ** -25 * 1.01))], [0x7bff, 0x7c00, 0, 1]);
});

it('keeps infinities and what is no number', () => {
  const [plus, minus, none] = fromHalfFloats(toHalfFloats(Float32Array.of(Infinity, -1e9, NaN)));
  assert.deepEqual([plus, minus], [Infinity, -Infinity]);
  assert.ok(Number.isNaN(none));
});
