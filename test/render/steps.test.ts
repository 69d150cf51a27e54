import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { inSteps, type Steps } from '../../src/render/steps.ts';

function* slowWork(paces: number, onPace: () => void): Steps<string> {
  for (let pace = 0; pace < paces; pace += 1) {
    onPace();
    const endMs = performance.now() + 3;
    while (performance.now() < endMs) { /* busy */ }
    yield;
  }
  return 'done';
}

test('messages come in while long work is done in steps, and the result is handed back', async () => {
  const { port1, port2 } = new MessageChannel();
  let paces = 0;
  const heardAt = new Promise<number>((resolve) => { port2.once('message', () => { resolve(paces); }); });
  const work = inSteps(slowWork(200, () => {
    paces += 1;
    if (paces === 1) {
      port1.postMessage('draw');
    }
  }));
  assert.equal(await work, 'done');
  assert.ok(await heardAt < 200, 'heard before the work was done');
  port1.close();
});

test('work that throws rejects', async () => {
  await assert.rejects(inSteps((function* failing(): Steps<never> {
    yield;
    throw new Error('no memory');
  })()), /no memory/);
});
