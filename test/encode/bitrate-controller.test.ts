import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitrateController } from '../../src/encode/bitrate-controller.ts';

const BOUNDS = { startBps: 1_000_000, minBps: 150_000, maxBps: 2_500_000 };

/** A controller on a path: each second so many bits are sent, and the viewer estimates so much. */
function onPath(): { controller: BitrateController; second: (sentBps: number, bandwidthBps: number, path?: { fractionLost?: number; roundTripMs?: number }) => number } {
  const controller = new BitrateController(BOUNDS);
  let nowMs = 0;
  let sentBytes = 0;
  controller.estimated({ bandwidthBps: 10_000_000, sentBytes, fractionLost: 0, roundTripMs: 20 }, nowMs);
  return {
    controller,
    second: (sentBps, bandwidthBps, { fractionLost = 0, roundTripMs = 20 } = {}) => {
      nowMs += 1000;
      sentBytes += sentBps / 8;
      return controller.estimated({ bandwidthBps, sentBytes, fractionLost, roundTripMs }, nowMs);
    },
  };
}

test('when more is sent than the path takes the bitrate falls at once, leaving room for voice and retransmissions', () => {
  const { controller, second } = onPath();
  assert.equal(controller.bps, 1_000_000);
  assert.equal(second(1_000_000, 600_000, { roundTripMs: 90 }), 510_000);
  assert.equal(second(520_000, 400_000, { fractionLost: 0.03 }), 340_000);
  assert.equal(controller.bps, 340_000);
});

test('a calm face that needs little keeps its bitrate, although the viewer estimates little', () => {
  const { second } = onPath();
  for (let count = 0; count < 30; count++) {
    assert.equal(second(100_000, 160_000), 1_000_000);
  }
});

test('an estimate below what is sent counts for nothing while nothing is lost and nothing queues', () => {
  const { second } = onPath();
  for (let count = 0; count < 4; count++) {
    assert.equal(second(600_000, 200_000, { roundTripMs: 40 }), 1_000_000);
  }
});

test('a bitrate in full use rises after five calm seconds, by at most half, to the largest allowed', () => {
  const { second } = onPath();
  const rates: number[] = [];
  for (let count = 0, bps = 1_000_000; count < 20; count++) {
    bps = second(bps, bps * 1.8);
    rates.push(bps);
  }
  assert.deepEqual([...new Set(rates)], [1_000_000, 1_500_000, 2_250_000, 2_500_000]);
  assert.equal(rates.indexOf(1_500_000), 4);
  assert.equal(rates.indexOf(2_250_000), 9);
});

test('much loss lowers the bitrate by half of its share each second, little loss keeps it from rising', () => {
  const { second } = onPath();
  assert.equal(second(900_000, 2_000_000, { fractionLost: 0.2 }), 900_000);
  assert.equal(second(900_000, 2_000_000, { fractionLost: 0.2 }), 810_000);
  for (let count = 0; count < 10; count++) {
    assert.equal(second(800_000, 2_000_000, { fractionLost: 0.05 }), 810_000);
  }
});

test('the bitrate never falls below its least', () => {
  const { second } = onPath();
  assert.equal(second(1_000_000, 1000, { fractionLost: 0.5 }), 150_000);
});

test('small falls are left alone: each may cost a key frame', () => {
  const { second } = onPath();
  assert.equal(second(1_150_000, 1_100_000, { roundTripMs: 200 }), 1_000_000);
});

test('bounds that do not fit are refused', () => {
  for (const wrong of [{ minBps: 0 }, { minBps: 2_000_000 }, { maxBps: 900_000 }, { startBps: Number.NaN }]) {
    assert.throws(() => new BitrateController({ ...BOUNDS, ...wrong }), TypeError);
  }
});
