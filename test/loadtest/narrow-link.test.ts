import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NarrowLink } from '../../loadtest/narrow-link.ts';

const PAYLOAD_BYTES = 972;

test('a narrow link passes packets one after the other at its rate', () => {
  const link = new NarrowLink(800);
  assert.deepEqual([0, 0, 0, 100].map((nowMs) => link.passes(PAYLOAD_BYTES, nowMs)), [10, 20, 30, 110]);
});

test('the queue before a narrow link holds 300 ms; what finds it full is dropped, and the rest goes on in time', () => {
  const link = new NarrowLink(800);
  const passed = Array.from({ length: 40 }, () => link.passes(PAYLOAD_BYTES, 0));
  assert.deepEqual(passed.filter((ms) => ms !== undefined), Array.from({ length: 31 }, (_, index) => (index + 1) * 10));
  assert.equal(link.passes(PAYLOAD_BYTES, 20), 320);
});

test('a link that passes nothing is refused', () => {
  assert.throws(() => new NarrowLink(0), TypeError);
});
