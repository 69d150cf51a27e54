import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SilenceWatch } from '../../src/base/silence-watch.ts';

test('a thread that owes an answer and gives none is told of, once', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  let silences = 0;
  const watch = new SilenceWatch(400, () => { silences += 1; });
  context.mock.timers.tick(4000);
  assert.equal(silences, 0, 'nothing was asked');
  watch.asked();
  assert.equal(watch.owed, 1);
  context.mock.timers.tick(300);
  watch.answered();
  watch.asked();
  context.mock.timers.tick(400);
  assert.equal(silences, 0, 'it answered meanwhile');
  context.mock.timers.tick(4000);
  assert.equal(silences, 1);
});

test('a watch that was stopped tells nothing', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const watch = new SilenceWatch(400, () => { assert.fail('it was stopped'); });
  watch.asked();
  watch.stop();
  context.mock.timers.tick(4000);
});

test('a thread that starts may take longer for its first answer, and for no other', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  let silences = 0;
  const watch = new SilenceWatch(400, () => { silences += 1; }, 2000);
  watch.asked();
  watch.asked();
  context.mock.timers.tick(1900);
  assert.equal(silences, 0, 'it may still be starting');
  watch.answered();
  context.mock.timers.tick(400);
  assert.equal(silences, 0);
  context.mock.timers.tick(100);
  assert.equal(silences, 1, 'it has started, and is silent for more than 400 ms');
  const another = new SilenceWatch(400, () => { silences += 1; }, 2000);
  another.asked();
  context.mock.timers.tick(2000);
  assert.equal(silences, 1);
  context.mock.timers.tick(100);
  assert.equal(silences, 2, 'a thread that never answers is told of all the same');
});
