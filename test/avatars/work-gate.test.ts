import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkGate } from '../../src/avatars/work-gate.ts';

test('no more than allowed run at once, the others follow in order', async () => {
  const gate = new WorkGate({ atOnce: 2, mostWaiting: 10 });
  let running = 0;
  let most = 0;
  const started: number[] = [];
  await Promise.all([0, 1, 2, 3, 4, 5].map((number) => gate.run(async () => {
    running += 1;
    most = Math.max(most, running);
    started.push(number);
    await new Promise(setImmediate);
    running -= 1;
  })));
  assert.equal(most, 2);
  assert.deepEqual(started, [0, 1, 2, 3, 4, 5]);
});

test('work beyond the queue is refused with rate_limited and the rest goes on', async () => {
  const gate = new WorkGate({ atOnce: 1, mostWaiting: 1 });
  const work = (): Promise<string> => new Promise((resolve) => { setImmediate(resolve, 'done'); });
  const first = gate.run(work);
  const second = gate.run(work);
  await assert.rejects(gate.run(work), { code: 'rate_limited' });
  assert.deepEqual(await Promise.all([first, second]), ['done', 'done']);
  assert.equal(await gate.run(work), 'done');
});

test('work that fails gives its place to the next', async () => {
  const gate = new WorkGate({ atOnce: 1, mostWaiting: 5 });
  const failing = gate.run(() => Promise.reject(new Error('broken')));
  const next = gate.run(() => Promise.resolve('next'));
  await assert.rejects(failing, /broken/);
  assert.equal(await next, 'next');
});
