import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitrateController } from '../../src/encode/bitrate-controller.ts';
import type { PathEstimate } from '../../src/encode/bitrate-controller.ts';

const BOUNDS = { startBps: 1_000_000, minBps: 150_000, maxBps: 2_500_000 };

type Path = Partial<Omit<PathEstimate, 'sentBytes'>>;

/** A controller on a path: each second so many bits are sent, and all of them arrive unless told otherwise. */
function onPath(bounds = BOUNDS): { controller: BitrateController; second: (sentBps: number, path?: Path) => number } {
  const controller = new BitrateController(bounds);
  let nowMs = 0;
  let sentBytes = 0;
  const rest = { bandwidthBps: Infinity, fractionLost: 0, roundTripMs: 20 };
  controller.estimated({ ...rest, sentBytes, pictureSentBps: 0, pictureArrivedBps: 0 }, nowMs);
  return {
    controller,
    second: (sentBps, path = {}) => {
      nowMs += 1000;
      sentBytes += sentBps / 8;
      return controller.estimated({ ...rest, sentBytes, pictureSentBps: sentBps, pictureArrivedBps: sentBps, ...path }, nowMs);
    },
  };
}

test('when a queue grows on the path the bitrate falls below what arrives, so that the queue empties', () => {
  const { second } = onPath();
  assert.equal(second(1_000_000, { roundTripMs: 200, pictureArrivedBps: 500_000 }), 1_000_000);
  assert.equal(second(1_000_000, { roundTripMs: 300, pictureArrivedBps: 500_000 }), 400_000);
});

test('a viewer that was held up for a moment, and then catches up, is on no narrow path, even where packets are lost by chance', () => {
  const { second } = onPath();
  for (let count = 0; count < 3; count++) {
    assert.equal(second(400_000, { roundTripMs: 900, fractionLost: 0.05, pictureArrivedBps: 100_000 }), 1_000_000);
    assert.equal(second(400_000, { roundTripMs: 30, pictureArrivedBps: 700_000 }), 1_000_000);
  }
});

test('when a queue overflows the bitrate falls below what arrives, whatever the round trip', () => {
  const { second } = onPath();
  assert.equal(second(1_000_000, { fractionLost: 0.5, pictureArrivedBps: 500_000 }), 400_000);
});

test('after a fall the next report still tells of the time before', () => {
  const { second } = onPath();
  const congested = { roundTripMs: 300, fractionLost: 0.3, pictureArrivedBps: 500_000 };
  assert.equal(second(1_000_000, congested), 400_000);
  assert.equal(second(400_000, { ...congested, pictureArrivedBps: 250_000 }), 400_000);
  assert.equal(second(400_000, { ...congested, pictureArrivedBps: 250_000 }), 200_000);
});

test('when the viewer estimates less than is sent, and packets are lost or queue up, the bitrate falls to its estimate', () => {
  const { second } = onPath();
  assert.equal(second(1_000_000, { bandwidthBps: 600_000, roundTripMs: 90 }), 480_000);
});

test('a calm face that needs little keeps its bitrate, although the viewer estimates little', () => {
  const { second } = onPath();
  for (let count = 0; count < 30; count++) {
    assert.equal(second(100_000, { bandwidthBps: 160_000 }), 1_000_000);
  }
});

test('an estimate below what is sent counts for nothing while nothing is lost and nothing queues', () => {
  const { second } = onPath();
  for (let count = 0; count < 4; count++) {
    assert.equal(second(600_000, { bandwidthBps: 200_000, roundTripMs: 40 }), 1_000_000);
  }
});

test('late reports of a busy viewer, which receives all the same, count for nothing', () => {
  const { second } = onPath();
  for (let count = 0; count < 4; count++) {
    assert.equal(second(600_000, { roundTripMs: 20 + 200 * (count % 2) }), 1_000_000);
  }
});

test('five in a hundred packets lost by chance on a path that became longer lower nothing, and when they come again all rises', () => {
  const { second } = onPath();
  for (let count = 0; count < 20; count++) {
    assert.equal(second(800_000, { fractionLost: 0.05, roundTripMs: 120, pictureArrivedBps: 720_000 }), 1_000_000);
  }
  assert.equal(second(800_000, { roundTripMs: 120 }), 1_500_000);
});

test('five in a hundred packets lost by chance lower nothing', () => {
  const { second } = onPath();
  for (let count = 0; count < 10; count++) {
    assert.equal(second(500_000, { fractionLost: 0.05, pictureArrivedBps: 475_000 }), 1_000_000);
  }
});

test('a bitrate in full use rises after five calm seconds, by at most half, to the largest allowed', () => {
  const { second } = onPath();
  const rates: number[] = [];
  for (let count = 0, bps = 1_000_000; count < 20; count++) {
    bps = second(bps);
    rates.push(bps);
  }
  assert.deepEqual([...new Set(rates)], [1_000_000, 1_500_000, 2_250_000, 2_500_000]);
});

test('much loss lowers the bitrate by half of its share, little loss keeps it from rising', () => {
  const { second } = onPath();
  assert.equal(second(900_000, { fractionLost: 0.22 }), 890_000);
  for (let count = 0; count < 10; count++) {
    assert.equal(second(800_000, { fractionLost: 0.05 }), 890_000);
  }
});

test('small pictures at half the rate never use their bitrate, and get more all the same', () => {
  const { second } = onPath({ ...BOUNDS, minBps: 60_000 });
  second(1_000_000, { fractionLost: 0.5, pictureArrivedBps: 100_000 });
  const rates = Array.from({ length: 12 }, () => second(40_000));
  assert.deepEqual([...new Set(rates)], [80_000, 120_000]);
});

test('on a path that stays narrow the bitrate rises to just below what was too much, and tries that again more and more seldom', () => {
  const { second } = onPath();
  const changes: [number, number][] = [];
  for (let count = 0, bps = 1_000_000; count < 150; count++) {
    const before = bps;
    bps = second(bps, bps > 400_000 ? { roundTripMs: 320, fractionLost: 1 - 400_000 / bps, pictureArrivedBps: 400_000 } : {});
    if (bps !== before) {
      changes.push([count, bps / 1000]);
    }
  }
  assert.deepEqual(changes.slice(0, 6), [[0, 320], [5, 480], [7, 320], [12, 432], [14, 320], [19, 388.8]]);
  const tries = changes.filter(([, kbps]) => kbps > 400).map(([count]) => count);
  assert.deepEqual(tries, [5, 12, 54, 96, 138], 'every 40 s in the end');
});

test('a path that became wide again is found out, and then used as if it had never been narrow', () => {
  const { second } = onPath();
  second(1_000_000, { fractionLost: 0.5, pictureArrivedBps: 300_000 });
  const rates = Array.from({ length: 40 }, (_, count) => ({ count, bps: second(2_000_000) }));
  assert.ok(rates.findIndex(({ bps }) => bps === 2_500_000) <= 35, JSON.stringify(rates));
});

test('the bitrate never falls below its least', () => {
  const { second } = onPath();
  assert.equal(second(1_000_000, { fractionLost: 0.9, pictureArrivedBps: 1000 }), 150_000);
});

test('small falls are left alone: each may cost a key frame', () => {
  const { second } = onPath();
  assert.equal(second(1_300_000, { bandwidthBps: 1_200_000, roundTripMs: 200 }), 1_000_000);
});

test('whatever a viewer claims, the bitrate stays a number within its bounds, and it rises again once the claims make sense', () => {
  const absurd = [-Infinity, -1e18, -1, 0, 1e-9, 0.3, 1, 3, 255, 2 ** 60, Infinity, Number.NaN];
  // Lehmer's generator: claims without a pattern, the same at each run.
  let state = 1;
  const claim = (): number => {
    state = (state * 48_271) % 0x7fff_ffff;
    return absurd[state % absurd.length]!;
  };
  for (let round = 0; round < 200; round++) {
    const { second } = onPath();
    for (let count = 0; count < 50; count++) {
      const path = { bandwidthBps: claim(), fractionLost: claim(), roundTripMs: claim(), pictureSentBps: claim(), pictureArrivedBps: claim() };
      const bps = second(1_000_000, path);
      assert.ok(Number.isSafeInteger(bps) && bps >= BOUNDS.minBps && bps <= BOUNDS.maxBps, `${bps} after ${JSON.stringify(path)}`);
    }
    let bps = 0;
    for (let count = 0; count < 120; count++) {
      bps = second(2_500_000);
    }
    assert.equal(bps, BOUNDS.maxBps, `round ${round}`);
  }
});

test('bounds that do not fit are refused', () => {
  for (const wrong of [{ minBps: 0 }, { minBps: 2_000_000 }, { maxBps: 900_000 }, { startBps: Number.NaN }]) {
    assert.throws(() => new BitrateController({ ...BOUNDS, ...wrong }), TypeError);
  }
});
