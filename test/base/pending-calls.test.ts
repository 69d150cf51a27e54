import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PendingCalls } from '../../src/base/pending-calls.ts';

test('answers find their calls by number, in any order', async () => {
  const calls = new PendingCalls<string>();
  const posted: number[] = [];
  const [first, second] = [1, 2].map(() => calls.call((call) => { posted.push(call); }));
  calls.settle(posted[1]!, 'second');
  calls.settle(posted[0]!, 'first');
  assert.deepEqual(await Promise.all([first, second]), ['first', 'second']);
});

test('a call that fails rejects alone, and an answer that nobody waits for is passed over', async () => {
  const calls = new PendingCalls<string>();
  const failing = calls.call((call) => { calls.settle(call, new Error('no')); });
  await assert.rejects(failing, /no/);
  calls.settle(99, 'nobody asked');
  assert.equal(await calls.call((call) => { calls.settle(call, 'yes'); }), 'yes');
});

test('after a failure all calls are rejected with the first reason, and nothing is posted any more', async () => {
  const calls = new PendingCalls<string>();
  const waiting = calls.call(() => undefined);
  calls.fail(new Error('first'));
  calls.fail(new Error('second'));
  await assert.rejects(waiting, /first/);
  await assert.rejects(calls.call(() => { throw new Error('posted'); }), /first/);
  assert.equal(calls.failure?.message, 'first');
});
