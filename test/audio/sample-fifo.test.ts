import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SampleFifo } from '../../src/audio/sample-fifo.ts';

test('samples come out in the order they went in, around the end of the ring', () => {
  const fifo = new SampleFifo(7);
  const target = new Float32Array(7);
  let next = 0;
  let expected = 0;
  for (let round = 0; round < 50; round++) {
    const size = 1 + (round % 5);
    fifo.write(Float32Array.from({ length: size }, () => next++));
    fifo.read(target, size);
    for (let n = 0; n < size; n++) {
      assert.equal(target[n], expected++);
    }
  }
  assert.equal(fifo.length, 0);
});

test('looking does not take, skipping and clearing do', () => {
  const fifo = new SampleFifo(4);
  const target = new Float32Array(4);
  fifo.write(Float32Array.of(1, 2, 3));
  fifo.peek(target, 2);
  assert.deepEqual([...target], [1, 2, 0, 0]);
  assert.equal(fifo.length, 3);
  fifo.skip(2);
  fifo.read(target, 1);
  assert.equal(target[0], 3);
  fifo.write(Float32Array.of(1, 2, 3, 4));
  fifo.clear();
  assert.equal(fifo.length, 0);
});

test('too much in and too much out are refused', () => {
  const fifo = new SampleFifo(4);
  fifo.write(Float32Array.of(1, 2, 3));
  assert.throws(() => { fifo.write(Float32Array.of(4, 5)); }, RangeError);
  assert.throws(() => { fifo.read(new Float32Array(4), 4); }, RangeError);
  assert.throws(() => { fifo.skip(4); }, RangeError);
  assert.throws(() => new SampleFifo(0), TypeError);
});
