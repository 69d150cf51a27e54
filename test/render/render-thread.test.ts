import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RenderThread } from '../../src/render/render-thread.ts';

const hanging = new URL('hanging-thread.ts', import.meta.url);

test('a render thread that gives no answer is stopped and counts as dead', async () => {
  const died = Promise.withResolvers<Error>();
  const thread = new RenderThread({ answered: () => { assert.fail('it answers nothing'); }, died: died.resolve }, { entry: hanging, patienceMs: 40 });
  thread.draw(1, 0);
  // The watch itself keeps no process alive.
  const keepAlive = setTimeout(() => undefined, 10_000);
  assert.match((await died.promise).message, /no answer for 40 ms/);
  clearTimeout(keepAlive);
  assert.ok(thread.ended);
});

test('a render thread of which nothing is asked may be silent', async () => {
  let deaths = 0;
  const thread = new RenderThread({ answered: () => undefined, died: () => { deaths += 1; } }, { entry: hanging, patienceMs: 20 });
  await sleep(100);
  assert.equal(deaths, 0);
  await thread.stop();
});
