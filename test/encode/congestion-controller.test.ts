import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CongestionController } from '../../src/encode/congestion-controller.ts';
import type { CongestionOrder, PathSigns } from '../../src/encode/congestion-controller.ts';

const BOUNDS = { startBps: 1_000_000, minBps: 150_000, maxBps: 2_500_000 };

/** A path on which nothing is wrong. */
const CALM: PathSigns = { queueMs: 0, backlogMs: 0, sentBps: 900_000, arrivedBps: 900_000, capacityBps: 20_000_000, fractionLost: 0, responseMs: 60 };

/** A queue that grows on a link of 240 kbit/s. */
const GROWING: PathSigns = { ...CALM, queueMs: 80, backlogMs: 200, arrivedBps: 240_000, capacityBps: 260_000 };

/** A controller that reads signs ten times a second. */
function reader(): { controller: CongestionController; read: (signs?: Partial<PathSigns>) => CongestionOrder; calm: (seconds: number, signs?: Partial<PathSigns>) => void } {
  const controller = new CongestionController(BOUNDS);
  let nowMs = 50_000;
  const read = (signs: Partial<PathSigns> = {}): CongestionOrder => {
    nowMs += 100;
    return controller.read({ ...CALM, ...signs }, nowMs);
  };
  return {
    controller, read,
    calm: (seconds, signs) => {
      for (let reading = 0; reading < seconds * 10; reading++) {
        read(signs);
      }
    },
  };
}

test('when a queue grows fast the bitrate falls at once below what arrives, and no picture is made until it has passed', () => {
  const { read } = reader();
  read();
  assert.deepEqual(read(GROWING), { bitrateBps: 204_000, holdMs: 200, startAnew: false });
  assert.deepEqual(read({ ...GROWING, backlogMs: 100 }), { bitrateBps: 204_000, holdMs: 0, startAnew: false }, 'what was sent before still queues');
});

test('a queue that grows slowly counts when it lasts from one reading to the next', () => {
  const { read } = reader();
  const slow = { sentBps: 260_000, arrivedBps: 245_000, capacityBps: 300_000, queueMs: 60, backlogMs: 60 };
  assert.equal(read(slow).bitrateBps, 1_000_000);
  assert.equal(read(slow).bitrateBps, 245_000 * 0.85);
});

test('a wait on a path whose packets arrive as they are sent, and that could take many more, is no queue', () => {
  const { read } = reader();
  for (let reading = 0; reading < 40; reading++) {
    assert.equal(read({ queueMs: 70 }).bitrateBps, 1_000_000);
  }
  assert.equal(read({ queueMs: 160 }).bitrateBps, 900_000 * 0.85, 'a long one is');
});

test('a viewer that was held up once loses no bitrate', () => {
  const { read } = reader();
  read();
  assert.equal(read({ queueMs: 140, arrivedBps: 300_000 }).bitrateBps, 1_000_000);
  assert.equal(read().bitrateBps, 1_000_000);
});

test('while a deep queue stands the bitrate follows what arrives, since at first that included what came before the queue', () => {
  const { read } = reader();
  assert.equal(read({ ...GROWING, arrivedBps: 400_000 }).bitrateBps, 340_000);
  assert.equal(read({ ...GROWING, queueMs: 200, arrivedBps: 250_000 }).bitrateBps, 212_500);
  assert.equal(read({ ...GROWING, queueMs: 200, sentBps: 100_000, arrivedBps: 160_000 }).bitrateBps, 212_500, 'little was sent: little arrives');
});

test('a queue that overflows, or will, is given up once for a key frame', () => {
  for (const overflow of [{ fractionLost: 0.3 }, { backlogMs: 900 }]) {
    const { read } = reader();
    const orders = Array.from({ length: 5 }, () => read({ ...GROWING, ...overflow }));
    assert.deepEqual(orders.map(({ startAnew }) => startAnew), [true, false, false, false, false]);
    assert.equal(orders[0]?.holdMs, Math.min(300, overflow.backlogMs ?? 200), 'never longer without pictures');
  }
});

test('losses without a queue are chance up to twelve in a hundred, and cost half of their share beyond', () => {
  const { read, calm } = reader();
  calm(20, { fractionLost: 0.11, sentBps: 300_000 });
  assert.equal(read({ fractionLost: 0.2 }).bitrateBps, 900_000);
  assert.equal(read({ fractionLost: 0.2 }).bitrateBps, 900_000, 'once in a while');
});

test('a bitrate in use rises by half in a second, to the largest allowed; one that nobody needs stays', () => {
  const { controller, calm } = reader();
  const bpsAfter = (seconds: number, sentBps: number): number => {
    calm(seconds, { sentBps, arrivedBps: sentBps });
    return controller.bps;
  };
  assert.equal(bpsAfter(10, 300_000), 1_000_000);
  const risen = bpsAfter(2, 900_000);
  assert.ok(risen > 1_300_000 && risen < 2_200_000, `${risen}`);
  assert.equal(bpsAfter(10, 2_400_000), 2_500_000);
});

test('near what was too much the bitrate rises slowly, until more passes than that', () => {
  const { controller, read, calm } = reader();
  read(GROWING);
  calm(5, { sentBps: 210_000, capacityBps: undefined });
  assert.ok(controller.bps > 210_000 && controller.bps < 240_000, `${controller.bps}`);
  calm(5, { sentBps: 220_000, capacityBps: 5_000_000 });
  assert.ok(controller.bps > 330_000, `${controller.bps}`);
});

test('the bitrate stays below what packets that leave together arrive with', () => {
  const { controller, read, calm } = reader();
  read(GROWING);
  calm(60, { sentBps: 220_000, capacityBps: 260_000 });
  assert.ok(controller.bps > 220_000 && controller.bps < 240_000, `${controller.bps}`);
});

test('whatever signs claim, the bitrate stays a number within its bounds', () => {
  const absurd = [0, 1e-9, 1, 60, 999, 1e18, Number.MAX_VALUE];
  let state = 1;
  const claim = (): number => {
    state = (state * 48_271) % 0x7fff_ffff;
    return absurd[state % absurd.length]!;
  };
  const { read, calm, controller } = reader();
  for (let reading = 0; reading < 5000; reading++) {
    const { bitrateBps, holdMs } = read({ queueMs: claim(), backlogMs: claim(), sentBps: claim(), arrivedBps: claim(), capacityBps: claim(), fractionLost: claim() % 1, responseMs: claim() % 1000 });
    assert.ok(bitrateBps >= BOUNDS.minBps && bitrateBps <= BOUNDS.maxBps && holdMs >= 0 && holdMs <= 300, `${bitrateBps}, ${holdMs}`);
  }
  calm(60, { sentBps: 2_500_000 });
  assert.equal(controller.bps, BOUNDS.maxBps);
});

test('bounds that do not fit are refused', () => {
  for (const wrong of [{ minBps: 0 }, { minBps: 2_000_000 }, { maxBps: 900_000 }, { startBps: Number.NaN }]) {
    assert.throws(() => new CongestionController({ ...BOUNDS, ...wrong }), TypeError);
  }
});
