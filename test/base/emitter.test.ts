import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../src/base/emitter.ts';

interface Events { counted: number; named: string }

test('listeners hear their own events, in the order they came, until they unsubscribe', () => {
  const heard: string[] = [];
  const emitter = new Emitter<Events>((error) => { throw error; });
  emitter.on('counted', (value) => { heard.push(`first ${value}`); });
  const unsubscribe = emitter.on('counted', (value) => { heard.push(`second ${value}`); });
  emitter.emit('counted', 1);
  unsubscribe();
  emitter.emit('counted', 2);
  emitter.emit('named', 'nobody listens');
  assert.deepEqual(heard, ['first 1', 'second 1', 'first 2']);
});

test('a listener that throws is reported and does not keep the others from hearing', () => {
  const failures: unknown[] = [];
  const heard: number[] = [];
  const emitter = new Emitter<Events>((error) => { failures.push(error); });
  const failure = new Error('listener broke');
  emitter.on('counted', () => { throw failure; });
  emitter.on('counted', (value) => { heard.push(value); });
  emitter.emit('counted', 7);
  assert.deepEqual(heard, [7]);
  assert.deepEqual(failures, [failure]);
});

test('after clear nobody listens', () => {
  let heard = 0;
  const emitter = new Emitter<Events>((error) => { throw error; });
  emitter.on('counted', () => { heard += 1; });
  emitter.clear();
  emitter.emit('counted', 1);
  assert.equal(heard, 0);
});
