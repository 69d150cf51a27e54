import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { TestContext } from 'node:test';
import { PacedSender } from '../../src/transport/paced-sender.ts';

/** A sender with its clock in the test's hands; packets of 1000 bytes note when they leave. */
function onClock(t: TestContext, bitrateBps: number): { sender: PacedSender; push: (count: number) => void; pass: (ms: number) => void; leftMs: number[] } {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = 0;
  const leftMs: number[] = [];
  const sender = new PacedSender(() => nowMs);
  sender.setBitrate(bitrateBps);
  return {
    sender, leftMs,
    push: (count) => {
      for (let packet = 0; packet < count; packet++) {
        sender.push(1000, () => { leftMs.push(nowMs); });
      }
    },
    pass: (ms) => {
      for (let passed = 0; passed < ms; passed++) {
        nowMs += 1;
        t.mock.timers.tick(1);
      }
    },
  };
}

test('a small picture goes at once, a large one at two and a half times the bitrate', (t) => {
  const { sender, push, pass, leftMs } = onClock(t, 320_000);
  push(4);
  assert.deepEqual(leftMs, [0, 0, 0, 0]);
  pass(1000);
  leftMs.length = 0;
  push(8);
  pass(100);
  assert.deepEqual(leftMs.map((ms) => ms - 1000), [0, 0, 0, 0, 0, 2, 12, 22]);
  sender.close();
});

test('a higher bitrate counts for packets that wait already', (t) => {
  const { sender, push, pass, leftMs } = onClock(t, 320_000);
  push(15);
  pass(10);
  const slow = leftMs.length;
  sender.setBitrate(2_000_000);
  pass(20);
  assert.deepEqual([slow, leftMs.length], [6, 15]);
  sender.close();
});

test('when the bitrate falls, nothing leaves for 100 ms', (t) => {
  const { sender, push, pass, leftMs } = onClock(t, 1_000_000);
  sender.setBitrate(200_000);
  push(3);
  pass(99);
  assert.deepEqual(leftMs, []);
  pass(60);
  assert.deepEqual(leftMs, [100, 116, 132]);
  sender.close();
});

test('no packet waits longer than 200 ms, and none overtakes another', (t) => {
  const { sender, push, pass, leftMs } = onClock(t, 50_000);
  push(40);
  pass(150);
  push(5);
  assert.ok(leftMs.length < 20, `${leftMs.length} left`);
  pass(51);
  assert.equal(leftMs.length, 40);
  pass(150);
  assert.equal(leftMs.length, 45);
  sender.close();
});

test('nothing waits before a bitrate is told', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sender = new PacedSender(() => 0);
  const send = mock.fn();
  for (let packet = 0; packet < 50; packet++) {
    sender.push(1000, send);
  }
  assert.equal(send.mock.callCount(), 50);
});

test('close forgets what waits', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sender = new PacedSender();
  sender.setBitrate(100_000);
  const send = mock.fn();
  for (let packet = 0; packet < 30; packet++) {
    sender.push(1000, send);
  }
  const sent = send.mock.callCount();
  sender.close();
  t.mock.timers.tick(1000);
  assert.equal(send.mock.callCount(), sent);
});
