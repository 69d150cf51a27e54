import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope } from '../../src/base/scope.ts';

const child = (name: string, log: string[]): { close: () => Promise<void> } => ({
  close: () => { log.push(name); return Promise.resolve(); },
});

test('a scope closes what it owns in reverse order, once, with one promise', async () => {
  const log: string[] = [];
  const scope = new Scope();
  scope.own(child('first', log));
  scope.defer(() => { log.push('second'); });
  scope.own(child('third', log));
  const closing = scope.close();
  assert.equal(scope.close(), closing);
  await closing;
  assert.deepEqual(log, ['third', 'second', 'first']);
  assert.equal(scope.closed, true);
});

test('one child that fails to close does not keep the others open, and its failure is thrown', async () => {
  const log: string[] = [];
  const scope = new Scope();
  scope.own(child('first', log));
  scope.defer(() => { throw new Error('stuck'); });
  await assert.rejects(scope.close(), (error: AggregateError) => (error.errors[0] as Error).message === 'stuck');
  assert.deepEqual(log, ['first']);
});

test('what comes after closing is closed too, and awaited by the next close', async () => {
  const log: string[] = [];
  const scope = new Scope();
  await scope.close();
  scope.own(child('late', log));
  await scope.close();
  assert.deepEqual(log, ['late']);
});

test('what comes after a close that failed, or fails to close itself, does not end the process; the next close tells', async () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown): void => { unheard.push(error); };
  process.on('unhandledRejection', hear);
  try {
    const log: string[] = [];
    const scope = new Scope();
    scope.defer(() => { throw new Error('stuck'); });
    await assert.rejects(scope.close(), AggregateError);
    scope.own(child('late', log));
    await new Promise(setImmediate);
    assert.deepEqual(log, ['late']);
    scope.defer(() => { throw new Error('late and stuck'); });
    await new Promise(setImmediate);
    assert.deepEqual(unheard, []);
    await assert.rejects(scope.close(), /late and stuck/);
  } finally {
    process.off('unhandledRejection', hear);
  }
});

test('await using closes a scope', async () => {
  const log: string[] = [];
  {
    await using scope = new Scope();
    scope.own(child('used', log));
  }
  assert.deepEqual(log, ['used']);
});

test('what is released is not closed', async () => {
  const scope = new Scope();
  let closed = false;
  scope.defer(() => { closed = true; });
  scope.release();
  await scope.close();
  assert.equal(closed, false);
});

test('a scope that handed its children over closes none of them; the new owner does', async () => {
  const closed: string[] = [];
  const builder = new Scope();
  builder.defer(() => { closed.push('first'); });
  builder.defer(() => { closed.push('second'); });
  const owner = builder.handOver();
  await builder.close();
  assert.deepEqual(closed, []);
  await owner.close();
  assert.deepEqual(closed, ['second', 'first']);
});

test('a child that is there only after the scope closed is closed at once', async () => {
  const log: string[] = [];
  const scope = new Scope();
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof child>>();
  const owned = scope.ownOpened(promise);
  await scope.close();
  resolve(child('late', log));
  await owned;
  await scope.close();
  assert.deepEqual(log, ['late']);
});
