import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedQueue } from '../../src/base/bounded-queue.ts';

test('a queue that drops the oldest keeps the newest and tells what it dropped', () => {
  const dropped: number[] = [];
  const queue = new BoundedQueue<number>({ capacity: 2, overflow: 'dropOldest', onDropped: (item) => { dropped.push(item); } });
  assert.deepEqual([1, 2, 3].map((item) => queue.push(item)), [true, true, true]);
  assert.deepEqual(dropped, [1]);
  assert.equal(queue.peek(), 2);
  assert.deepEqual([queue.shift(), queue.shift(), queue.shift()], [2, 3, undefined]);
});

test('a queue that refuses stays as it is when it is full', () => {
  const queue = new BoundedQueue<number>({ capacity: 2, overflow: 'refuse' });
  assert.deepEqual([1, 2, 3].map((item) => queue.push(item)), [true, true, false]);
  assert.equal(queue.length, 2);
  assert.deepEqual(queue.drain(), [1, 2]);
  assert.equal(queue.length, 0);
});

test('a capacity below one or not whole is a wrong argument', () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new BoundedQueue({ capacity, overflow: 'refuse' }), TypeError);
  }
});
