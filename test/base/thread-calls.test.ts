import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { InvalidStateError } from '../../src/base/errors.ts';
import { ThreadCalls } from '../../src/base/thread-calls.ts';

type Request =
  | { readonly kind: 'echo'; readonly call: number; readonly text: string; readonly afterMs?: number }
  | { readonly kind: 'work'; readonly call: number; readonly done: Int32Array; readonly ms: number }
  | { readonly kind: 'fail'; readonly call: number; readonly message: string; readonly code?: string }
  | { readonly kind: 'throw' | 'exit'; readonly call: number };
type Answer = { readonly kind: 'echoed'; readonly call: number; readonly text: string } | { readonly kind: 'worked'; readonly call: number };

const MAIN = `
  const { parentPort, workerData } = require('node:worker_threads');
  const work = (done, ms) => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms); done[0] += 1; };
  if (workerData) work(workerData, 60);
  parentPort.on('message', ({ kind, call, text, afterMs, done, ms, message, code }) => {
    switch (kind) {
      case 'echo': setTimeout(() => parentPort.postMessage({ kind: 'echoed', call, text }), afterMs ?? 0); break;
      case 'work': work(done, ms); parentPort.postMessage({ kind: 'worked', call }); break;
      case 'fail': parentPort.postMessage({ kind: 'failed', call, message, code }); break;
      case 'throw': throw new Error('the thread is broken');
      case 'exit': process.exit(3);
      case 'close': parentPort.close();
    }
  });`;

const start = (): ThreadCalls<Request, Answer> => new ThreadCalls('small', new Worker(MAIN, { eval: true }));

test('answers find their calls by number, in any order', async () => {
  await using calls = start();
  const order: string[] = [];
  await Promise.all([['late', 40], ['soon', 0]].map(async ([text, afterMs]) => {
    const answer = await calls.ask({ kind: 'echo', text: text as string, afterMs: afterMs as number }, 'echoed');
    assert.equal(answer.text, text);
    order.push(answer.text);
  }));
  assert.deepEqual(order, ['soon', 'late']);
});

test('a call that fails rejects alone, with its code where it has one', async () => {
  await using calls = start();
  await assert.rejects(calls.ask({ kind: 'fail', message: 'no' }, 'worked'), { name: 'Error', message: 'no' });
  await assert.rejects(calls.ask({ kind: 'fail', message: 'none', code: 'no_face' }, 'worked'), { name: 'AvatarError', code: 'no_face', message: 'none' });
  await assert.rejects(calls.ask({ kind: 'echo', text: 'odd' }, 'worked'), { name: 'InvalidStateError', message: /answered echoed to echo/ });
  assert.equal((await calls.ask({ kind: 'echo', text: 'yes' }, 'echoed')).text, 'yes');
  assert.equal(calls.failure, undefined);
});

test('what cannot be sent rejects alone, and nobody waits for its answer', async () => {
  const calls = start();
  const unsendable = { kind: 'echo', text: (() => undefined) as unknown as string } as const;
  await assert.rejects(calls.ask(unsendable, 'echoed'), { name: 'DataCloneError' });
  assert.equal((await calls.ask({ kind: 'echo', text: 'yes' }, 'echoed')).text, 'yes');
  await calls.close();
});

for (const [kind, reason] of [['throw', /the thread is broken/], ['exit', /small thread ended with exit code 3/]] as const) {
  test(`a thread that ends by ${kind} rejects all calls, those under way and later ones`, async () => {
    await using calls = start();
    const waiting = assert.rejects(calls.ask({ kind: 'echo', text: 'never', afterMs: 60_000 }, 'echoed'), reason);
    await assert.rejects(calls.ask({ kind }, 'worked'), reason);
    await waiting;
    await assert.rejects(calls.ask({ kind: 'echo', text: 'late' }, 'echoed'), reason);
    assert.match(String(calls.failure?.message), reason);
  });
}

test('after a failure all calls are rejected with the first reason', async () => {
  await using calls = start();
  const waiting = assert.rejects(calls.ask({ kind: 'echo', text: 'first' }, 'echoed'), /first/);
  calls.fail(new Error('first'));
  calls.fail(new Error('second'));
  await waiting;
  await assert.rejects(calls.ask({ kind: 'echo', text: 'late' }, 'echoed'), /first/);
});

test('closing rejects calls at once, but lets the thread work them off; twice is fine, and later calls are refused', async () => {
  const calls = start();
  const done = new Int32Array(new SharedArrayBuffer(4));
  const rejected = Promise.all([1, 2].map(() => assert.rejects(calls.ask({ kind: 'work', done, ms: 60 }, 'worked'), InvalidStateError)));
  const closing = calls.close();
  assert.equal(calls.close(), closing);
  await rejected;
  assert.ok(done[0]! < 2, 'the calls are rejected before they are worked off');
  await closing;
  assert.equal(done[0], 2);
  await assert.rejects(calls.ask({ kind: 'echo', text: 'late' }, 'echoed'), InvalidStateError);
});

// A thread that was terminated while it loaded networks, with no calls under way, took the whole process with it.
test('closing does not interrupt a thread that is still starting', async () => {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(MAIN, { eval: true, workerData: done });
  await new ThreadCalls<Request, Answer>('small', worker).close();
  assert.equal(done[0], 1);
});

test('closing ends a thread that is at work longer than closing waits, later', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const worker = new Worker(MAIN, { eval: true });
  const calls = new ThreadCalls<Request, Answer>('small', worker);
  const done = new Int32Array(new SharedArrayBuffer(4));
  const exited = new Promise((resolve) => { worker.once('exit', resolve); });
  const rejected = assert.rejects(calls.ask({ kind: 'work', done, ms: 300 }, 'worked'), InvalidStateError);
  const closing = calls.close();
  await rejected;
  context.mock.timers.tick(5000);
  await closing;
  assert.equal(done[0], 0, 'it is not interrupted');
  worker.ref();
  await exited;
  assert.equal(done[0], 1);
});
