import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MediaClock } from '../../src/base/media-clock.ts';
import { noStats, type CountedEvent, type Stats } from '../../src/base/stats.ts';

/** A clock under the test's own time: setTimeout and performance.now are mocked together. */
function clockOnMockedTime(t: TestContext): { clock: MediaClock; skipped: () => number; errors: unknown[]; advance: (ms: number) => void; hold: (ms: number) => void } {
  let nowMs = 1000;
  let skipped = 0;
  const errors: unknown[] = [];
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => nowMs);
  const stats: Stats = { ...noStats, count: (_event: CountedEvent, by = 1) => { skipped += by; } };
  return {
    clock: new MediaClock({ stats, onError: (error) => { errors.push(error); } }),
    skipped: () => skipped, errors,
    advance: (ms) => { for (let step = 0; step < ms; step++) { nowMs += 1; t.mock.timers.tick(1); } },
    hold: (ms) => { nowMs += ms; t.mock.timers.tick(ms); },
  };
}

test('the clock ticks fifty times a second and does not drift', (t) => {
  const { clock, advance } = clockOnMockedTime(t);
  let ticks = 0;
  const stop = clock.subscribe(() => { ticks += 1; });
  advance(60_000);
  assert.equal(ticks, 3000);
  stop();
  advance(1000);
  assert.equal(ticks, 3000);
});

test('one subscriber in the place of the last, within a tick, is called fifty times a second, by one timer', (t) => {
  const { clock, advance } = clockOnMockedTime(t);
  const arm = t.mock.method(globalThis, 'setTimeout');
  let ticks = 0;
  const stop = clock.subscribe(() => {
    stop();
    clock.subscribe(() => { ticks += 1; });
  });
  advance(20);
  ticks = 0;
  advance(1000);
  assert.equal(ticks, 50);
  assert.ok(arm.mock.callCount() <= 53, `${arm.mock.callCount()} timers`);
});

test('a short hold-up is made up for at once', (t) => {
  const { clock, advance, hold, skipped } = clockOnMockedTime(t);
  let ticks = 0;
  clock.subscribe(() => { ticks += 1; });
  advance(100);
  hold(105);
  assert.equal(ticks, 10);
  assert.equal(skipped(), 0);
});

test('of a long hold-up ten ticks are made up for and the rest is skipped and counted', (t) => {
  const { clock, hold, advance, skipped } = clockOnMockedTime(t);
  let ticks = 0;
  clock.subscribe(() => { ticks += 1; });
  hold(1000);
  assert.equal(ticks, 10);
  assert.equal(skipped(), 40);
  advance(100);
  assert.equal(ticks, 15);
});

test('a subscriber that throws does not stop the others or the clock', (t) => {
  const { clock, advance, errors } = clockOnMockedTime(t);
  let ticks = 0;
  clock.subscribe(() => { throw new Error('broken session'); });
  clock.subscribe(() => { ticks += 1; });
  advance(40);
  assert.equal(ticks, 2);
  assert.equal(errors.length, 2);
});
