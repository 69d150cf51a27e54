import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from '../../src/transport/token-bucket.ts';

test('a burst is free, then each token takes its time', () => {
  const bucket = new TokenBucket({ capacity: 100, perSecond: 50, nowMs: 0 });
  assert.equal(bucket.spend(100, 0), 0);
  assert.equal(bucket.spend(1, 0), 20);
  assert.equal(bucket.spend(9, 0), 200);
  assert.equal(bucket.spend(0, 200), 0);
});

test('no more than the capacity is saved up', () => {
  const bucket = new TokenBucket({ capacity: 100, perSecond: 50, nowMs: 0 });
  assert.equal(bucket.spend(101, 1_000_000), 20);
});
