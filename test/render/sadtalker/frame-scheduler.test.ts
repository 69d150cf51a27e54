import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchClock } from '../../../src/render/sadtalker/batch-clock.ts';
import { FrameScheduler, type WaitingFrame } from '../../../src/render/sadtalker/frame-scheduler.ts';

interface NamedFrame extends WaitingFrame {
  readonly name: string;
}

/** A scheduler whose batches the test takes. */
function bench(batchMs: readonly number[], { viewers = batchMs.length, gatherMs = 10_000 } = {}): { scheduler: FrameScheduler<NamedFrame>; drawn: string[][]; late: string[]; frame: (name: string, inMs: number) => NamedFrame } {
  const drawn: string[][] = [];
  const late: string[] = [];
  let number = 0;
  const scheduler = new FrameScheduler<NamedFrame>({
    clock: new BatchClock(batchMs), viewers: () => viewers, gatherMs,
    draw: (frames) => { drawn.push(frames.map(({ name }) => name)); },
    tooLate: ({ name }) => { late.push(name); },
  });
  const frame = (name: string, inMs: number): NamedFrame => {
    number += 1;
    return { name, number, askedMs: performance.now(), deadlineMs: performance.now() + inMs };
  };
  return { scheduler, drawn, late, frame };
}

test('the earliest deadline goes first, equal ones in the order they were asked for', () => {
  const { scheduler, drawn, frame } = bench([1, 1]);
  scheduler.add(frame('c', 3000), frame('a', 1000), frame('x', Infinity), frame('b', 2000), frame('y', Infinity));
  assert.deepEqual(drawn, [], 'the thread is not free yet');
  scheduler.free();
  scheduler.free();
  assert.deepEqual(drawn, [['a', 'b'], ['c', 'x']]);
  assert.equal(scheduler.waiting, 1);
  scheduler.remove(() => true);
});

test('a frame that was lost goes back before the later ones', () => {
  const { scheduler, drawn, frame } = bench([1], { viewers: 1 });
  const lost = frame('lost', Infinity);
  scheduler.add(frame('next', Infinity));
  scheduler.add(lost);
  scheduler.free();
  assert.deepEqual(drawn, [['lost']]);
  scheduler.remove(() => true);
});

test('a lone viewer’s frame does not wait for others', () => {
  const { scheduler, drawn, frame } = bench([1, 1, 1, 1], { viewers: 1 });
  scheduler.free();
  scheduler.add(frame('a', 1000));
  assert.deepEqual(drawn, [['a']]);
});

test('a batch that is not full waits a moment for more, and not when the deadline is near', async () => {
  const { scheduler, drawn, frame } = bench([1, 1, 1]);
  scheduler.free();
  scheduler.add(frame('a', 60_000));
  scheduler.add(frame('b', 60_000));
  assert.deepEqual(drawn, []);
  scheduler.add(frame('c', 60_000));
  assert.deepEqual(drawn, [['a', 'b', 'c']], 'it is full');
  const short = bench([1, 1, 1], { gatherMs: 5 });
  short.scheduler.free();
  short.scheduler.add(short.frame('d', 60_000));
  while (short.drawn.length === 0) {
    await new Promise((resolve) => { setTimeout(resolve, 2); });
  }
  assert.deepEqual(short.drawn, [['d']], 'no more came');
  const tight = bench([1, 1, 5000]);
  tight.scheduler.free();
  tight.scheduler.add(tight.frame('e', 4000));
  assert.deepEqual(tight.drawn, [['e']]);
});

test('a batch is only as large as the first deadline allows, and never empty', () => {
  const { scheduler, drawn, late, frame } = bench([100, 2000, 5000, 9000]);
  scheduler.add(frame('soon', 3000), frame('a', 60_000), frame('b', 60_000), frame('c', 60_000));
  scheduler.free();
  assert.deepEqual(drawn, [['soon', 'a']]);
  scheduler.add(frame('sooner', 150));
  scheduler.free();
  assert.deepEqual(drawn.slice(1), [['sooner']]);
  scheduler.add(frame('d', 60_000), frame('e', 60_000));
  scheduler.free();
  assert.deepEqual(drawn.slice(2), [['b', 'c', 'd', 'e']], 'no deadline is near');
  assert.deepEqual(late, []);
});

test('under overload the first deadlines are given up rather than full batches', () => {
  const { scheduler, drawn, late, frame } = bench([100, 2000, 5000]);
  scheduler.add(...['a', 'b', 'c', 'd', 'e'].map((name, index) => frame(name, 1000 + index)));
  scheduler.free();
  assert.deepEqual([late, drawn], [['a', 'b'], [['c']]], 'no more than are too many for one batch');
  scheduler.add(frame('f', 60_000), frame('g', 60_000));
  scheduler.free();
  assert.deepEqual([late.slice(2), drawn.slice(1)], [['d'], [['e']]]);
  scheduler.add(frame('h', 60_000), frame('soon', 3000));
  scheduler.free();
  assert.deepEqual([late.slice(3), drawn.slice(2)], [['soon'], [['f', 'g', 'h']]]);
});

test('a frame that cannot be there in time is dropped, also while the thread is busy', async () => {
  const { scheduler, drawn, late, frame } = bench([30], { viewers: 1 });
  scheduler.add(frame('late', 29), frame('soon', 200), frame('later', 60_000));
  assert.deepEqual(late, ['late']);
  while (late.length < 2) {
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
  assert.deepEqual(late, ['late', 'soon']);
  scheduler.free();
  assert.deepEqual(drawn, [['later']]);
});

test('frames of a closed drawing are taken out', () => {
  const { scheduler, drawn, frame } = bench([1], { viewers: 1 });
  scheduler.add(frame('a', 1000), frame('b', 1000));
  assert.deepEqual(scheduler.remove(({ name }) => name === 'a').map(({ name }) => name), ['a']);
  scheduler.free();
  assert.deepEqual(drawn, [['b']]);
});

test('the clock follows what batches take', () => {
  const clock = new BatchClock([10, 15]);
  assert.deepEqual([clock.most, clock.framesPerSecond.toFixed(1), clock.expectedMs(1), clock.expectedMs(9)], [2, '133.3', 10, 15]);
  clock.took(2, 25);
  assert.deepEqual([clock.expectedMs(1), clock.expectedMs(2)], [10, 16]);
});
