import assert from 'node:assert/strict';
import { it } from 'node:test';
import { viewPath } from '../../../src/motion/sadtalker/view-path.ts';

it('goes along the list in equal steps and holds the last one', () => {
  assert.deepEqual([...viewPath([0, 4], 5)], [0, 1, 2, 3, 3]);
  assert.deepEqual([...viewPath([0, 2, -2], 7)], [0, 1, 2, 1, 0, -1, -1]);
});

it('holds one angle', () => {
  assert.deepEqual([...viewPath([12], 3)], [12, 12, 12]);
});

it('does not divide by zero for equal neighbours, one frame or no angle', () => {
  assert.deepEqual([...viewPath([5, 5], 3)], [5, 5, 5]);
  assert.deepEqual([...viewPath([5, 5, 7], 3)], [5, 6, 6]);
  assert.deepEqual([...viewPath([5, 9], 1)], [5]);
  assert.deepEqual([...viewPath([], 2)], [0, 0]);
});
