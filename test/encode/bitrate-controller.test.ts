import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitrateController } from '../../src/encode/bitrate-controller.ts';

const BOUNDS = { startBps: 1_000_000, minBps: 150_000, maxBps: 2_500_000 };

test('the bitrate follows a falling estimate at once, leaving room for voice and retransmissions', () => {
  const controller = new BitrateController(BOUNDS);
  assert.equal(controller.bps, 1_000_000);
  assert.equal(controller.estimated(600_000, 0), 510_000);
  assert.equal(controller.estimated(400_000, 10), 340_000);
  assert.equal(controller.bps, 340_000);
});

test('the bitrate rises only after five calm seconds, and by at most half', () => {
  const controller = new BitrateController(BOUNDS);
  assert.equal(controller.estimated(5_000_000, 0), 1_000_000);
  assert.equal(controller.estimated(5_000_000, 4999), 1_000_000);
  assert.equal(controller.estimated(5_000_000, 5000), 1_500_000);
  assert.equal(controller.estimated(5_000_000, 9000), 1_500_000);
  assert.equal(controller.estimated(5_000_000, 10_000), 2_250_000);
  assert.equal(controller.estimated(5_000_000, 15_000), 2_500_000);
  assert.equal(controller.estimated(9_000_000, 60_000), 2_500_000);
});

test('small changes are left alone: each may cost a key frame', () => {
  const controller = new BitrateController(BOUNDS);
  for (const bandwidthBps of [1_120_000, 1_300_000, 1_400_000]) {
    assert.equal(controller.estimated(bandwidthBps, 60_000), 1_000_000);
  }
});

test('the bitrate never falls below its least', () => {
  const controller = new BitrateController(BOUNDS);
  assert.equal(controller.estimated(1000, 0), 150_000);
});

test('bounds that do not fit are refused', () => {
  for (const wrong of [{ minBps: 0 }, { minBps: 2_000_000 }, { maxBps: 900_000 }, { startBps: Number.NaN }]) {
    assert.throws(() => new BitrateController({ ...BOUNDS, ...wrong }), TypeError);
  }
});
