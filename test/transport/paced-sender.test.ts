import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { PacedSender } from '../../src/transport/paced-sender.ts';

test('a small picture goes at once, a large one in bursts of ten every two milliseconds', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sender = new PacedSender();
  const sent: number[] = [];
  sender.send(10, (index) => { sent.push(index); });
  assert.equal(sent.length, 10);
  sent.length = 0;
  sender.send(25, (index) => { sent.push(index); });
  assert.equal(sent.length, 10);
  t.mock.timers.tick(2);
  assert.equal(sent.length, 20);
  t.mock.timers.tick(2);
  assert.deepEqual(sent, Array.from({ length: 25 }, (_, index) => index));
  sender.close();
});

test('what waits goes before the next picture', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sender = new PacedSender();
  const sent: string[] = [];
  sender.send(15, (index) => { sent.push(`a${index}`); });
  sender.send(2, (index) => { sent.push(`b${index}`); });
  assert.deepEqual(sent.slice(9), ['a9', 'a10', 'a11', 'a12', 'a13', 'a14', 'b0', 'b1']);
  t.mock.timers.tick(10);
  assert.equal(sent.length, 17);
  sender.close();
});

test('close forgets what waits', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sender = new PacedSender();
  const send = mock.fn();
  sender.send(30, send);
  sender.close();
  t.mock.timers.tick(100);
  assert.equal(send.mock.callCount(), 10);
});
