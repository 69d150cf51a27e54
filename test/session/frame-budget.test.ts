import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameBudget } from '../../src/session/frame-budget.ts';

/** Sessions that ask 25 times a second; `missedShare` of what is begun comes too late. */
function run(budget: FrameBudget, clock: { ms: number }, sessions: readonly (() => boolean)[], { seconds, missedShare }: { seconds: number; missedShare: number }): number[] {
  const made = sessions.map(() => 0);
  let owed = 0;
  for (let frame = 0; frame < seconds * 25; frame++, clock.ms += 40) {
    for (const [index, mayMake] of sessions.entries()) {
      if (!mayMake()) {
        continue;
      }
      made[index]! += 1;
      owed += missedShare;
      if (owed >= 1) {
        owed -= 1;
        budget.missed();
      }
    }
  }
  return made;
}

function budgetAt(clock: { ms: number }): FrameBudget {
  return new FrameBudget(() => clock.ms);
}

test('while all frames come in time every frame is made', () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  assert.deepEqual(run(budget, clock, [budget.open(), budget.open()], { seconds: 4, missedShare: 0 }), [100, 100]);
  assert.equal(budget.leftOutShare, 0);
});

test('under overload every session leaves out the same share, and none stops', () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  const sessions = Array.from({ length: 5 }, () => budget.open());
  const made = run(budget, clock, sessions, { seconds: 20, missedShare: 0.3 });
  assert.ok(Math.max(...made) - Math.min(...made) <= 1, made.join(' '));
  assert.ok(budget.leftOutShare > 0.3 && budget.leftOutShare <= 0.8, String(budget.leftOutShare));
  assert.ok(Math.min(...made) >= 20 * 25 * 0.2, made.join(' '));
});

test('frames that are left out are spread evenly', () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  const mayMake = budget.open();
  run(budget, clock, [mayMake], { seconds: 20, missedShare: 0.5 });
  const pattern = Array.from({ length: 50 }, () => mayMake());
  const longestGap = Math.max(...pattern.join(' ').split('true').map((between) => between.split('false').length - 1));
  assert.ok(longestGap <= 4, pattern.join(' '));
});

test('a hiccup changes nothing, and after an overload all frames are made again', () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  const mayMake = budget.open();
  assert.deepEqual(run(budget, clock, [mayMake], { seconds: 4, missedShare: 0.05 }), [100]);
  run(budget, clock, [mayMake], { seconds: 4, missedShare: 0.4 });
  assert.ok(budget.leftOutShare > 0.2);
  run(budget, clock, [mayMake], { seconds: 10, missedShare: 0 });
  assert.equal(budget.leftOutShare, 0);
});

test('an overload of long ago is forgotten', () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  run(budget, clock, [budget.open()], { seconds: 4, missedShare: 0.5 });
  clock.ms += 10_000;
  assert.equal(budget.leftOutShare, 0);
  assert.equal(run(budget, clock, [budget.open()], { seconds: 1, missedShare: 0 })[0], 25);
});

test('a bad half second alone changes nothing; from the second in a row on sixty percent of the missed share are left out more', () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  const sessions = [budget.open(), budget.open()];
  const halfSecond = (missedShare: number): void => { run(budget, clock, sessions, { seconds: 0.52, missedShare }); };
  halfSecond(0.5);
  halfSecond(0);
  assert.equal(budget.leftOutShare, 0);
  halfSecond(0.5);
  halfSecond(0.5);
  halfSecond(0);
  assert.ok(Math.abs(budget.leftOutShare - 0.3) < 0.03, String(budget.leftOutShare));
});

test('few frames say nothing', () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  const mayMake = budget.open();
  for (let frame = 0; frame < 50; frame++, clock.ms += 100) {
    mayMake();
    budget.missed();
  }
  assert.equal(budget.leftOutShare, 0);
});

test('sessions do not all leave out the same moment', () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  const sessions = [budget.open(), budget.open(), budget.open()];
  run(budget, clock, sessions, { seconds: 10, missedShare: 0.4 });
  let together = 0;
  for (let frame = 0; frame < 50; frame++, clock.ms += 1) {
    together += Number(sessions.every((mayMake) => !mayMake()));
  }
  assert.ok(budget.leftOutShare > 0.3 && together < 25 * budget.leftOutShare, `${together} of 50 at a share of ${budget.leftOutShare}`);
});
