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
