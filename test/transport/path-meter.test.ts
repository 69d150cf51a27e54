import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArrivalFeedback } from '../../loadtest/arrival-feedback.ts';
import { PathMeter } from '../../src/transport/path-meter.ts';
import type { PathReading } from '../../src/transport/path-meter.ts';
import { TransportFeedback } from '../../src/transport/transport-feedback.ts';

/** A meter, and a viewer whose clock is an hour ahead. */
class Path {
  readonly meter = new PathMeter();
  readonly #viewer = new ArrivalFeedback();

  /** Sends packets; each arrives so much later, or is lost where that is undefined. */
  send(nowMs: number, bytes: number, ...delaysMs: (number | undefined)[]): void {
    for (const delayMs of delaysMs) {
      const number = this.meter.sending(bytes, nowMs);
      if (delayMs !== undefined) {
        this.#viewer.arrived(number, 3_600_000 + nowMs + delayMs);
      }
    }
  }

  report(nowMs: number): PathReading {
    const feedback = new TransportFeedback();
    assert.ok(feedback.read(this.#viewer.message() ?? Buffer.alloc(0)));
    const reading = this.meter.heard(feedback, nowMs);
    assert.ok(reading !== undefined);
    return reading;
  }

  /** Half a second of pictures of one packet. */
  warmUp(): PathReading {
    for (let nowMs = 0; nowMs < 500; nowMs += 40) {
      this.send(nowMs, 1000, 20);
    }
    return this.report(540);
  }
}

test('on an idle path nothing queues, and as much arrives as is sent', () => {
  const { queueMs, backlogMs, sentBps, arrivedBps, capacityBps, fractionLost, responseMs } = new Path().warmUp();
  assert.deepEqual([queueMs, backlogMs, fractionLost, capacityBps, responseMs], [0, 0, 0, undefined, 60]);
  assert.equal(Math.round(sentBps), 200_000);
  assert.equal(Math.round(arrivedBps), 200_000);
});

test('a queue is told by the packet that waited least, in how much arrives, and in how long one sent now would wait', () => {
  const path = new Path();
  path.warmUp();
  // Each 40 ms 2500 bytes, which take 80 ms to pass.
  for (let picture = 0; picture < 5; picture++) {
    path.send(600 + picture * 40, 1250, 20 + picture * 40, 60 + picture * 40);
  }
  const reading = path.report(1020);
  assert.ok(reading.queueMs > 70 && reading.queueMs <= 140, `${reading.queueMs} ms`);
  assert.ok(Math.abs(reading.arrivedBps / 250_000 - 1) < 0.1 && reading.sentBps > 400_000, `${reading.sentBps} sent, ${reading.arrivedBps} arrived`);
  assert.ok(Math.abs((reading.capacityBps ?? 0) / 250_000 - 1) < 0.05, `${reading.capacityBps}`);
  assert.equal(reading.backlogMs, 0, 'all of it has arrived');
  path.send(1030, 1250, 20, 60);
  path.send(1040, 1250, ...new Array<undefined>(8).fill(undefined));
  assert.ok(path.report(1100).backlogMs > 200, 'ten kilobytes more are under way');
});

test('a viewer that was held up and takes everything at once is no queue', () => {
  const path = new Path();
  path.warmUp();
  path.send(600, 1000, 140);
  path.send(640, 1000, 100);
  path.send(680, 1000, 60);
  path.send(720, 1000, 20);
  assert.equal(path.report(760).queueMs, 0);
});

test('a path that became longer is a queue for some seconds only', () => {
  const path = new Path();
  path.warmUp();
  const queues: number[] = [];
  for (let nowMs = 600; nowMs < 8600; nowMs += 40) {
    path.send(nowMs, 1000, 70);
    if (nowMs % 1000 === 0) {
      queues.push(path.report(nowMs + 100).queueMs);
    }
  }
  assert.deepEqual([queues[0], queues.at(-1)], [50, 0]);
});

test('lost packets are a share of all of late, and a late one is no lost one any more', () => {
  const path = new Path();
  path.warmUp();
  for (let nowMs = 600; nowMs < 6600; nowMs += 40) {
    path.send(nowMs, 1000, 20, nowMs % 200 === 0 ? undefined : 20, 20, 20);
    path.send(nowMs, 1000, 20);
  }
  const { fractionLost } = path.report(6700);
  assert.ok(fractionLost > 0.02 && fractionLost < 0.07, `${fractionLost}`);
});

test('feedback about packets that were never sent, or long ago, or told already, changes nothing', () => {
  const path = new Path();
  const before = path.warmUp();
  const foreign = new ArrivalFeedback();
  for (const number of [40_000, 40_001, 40_002]) {
    foreign.arrived(number, 99_999);
  }
  for (const number of [0, 1, 2]) {
    foreign.arrived(number, 200_000);
  }
  const feedback = new TransportFeedback();
  for (let message = foreign.message(); message !== undefined; message = foreign.message()) {
    assert.ok(feedback.read(message));
    assert.equal(path.meter.heard(feedback, 550), undefined);
  }
  path.send(600, 1000, 20);
  assert.equal(path.report(640).queueMs, before.queueMs);
});

test('whatever feedback claims, readings are numbers', () => {
  const meter = new PathMeter();
  const feedback = new TransportFeedback();
  let state = 1;
  const chance = (most: number): number => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state % most;
  };
  let readings = 0;
  for (let nowMs = 0; nowMs < 100_000; nowMs += 20) {
    meter.sending(chance(1200), nowMs);
    const message = Buffer.alloc(60);
    for (let at = 16; at < 60; at++) {
      message[at] = chance(256);
    }
    message.writeUInt16BE((nowMs / 20 - chance(8)) & 0xffff, 12);
    message.writeUInt16BE(chance(12), 14);
    message.writeUInt16BE(0x2000 + chance(12), 20);
    const reading = feedback.read(message) ? meter.heard(feedback, nowMs) : undefined;
    if (reading !== undefined) {
      readings += 1;
      const { capacityBps, ...rest } = reading;
      assert.ok(Object.values(rest).every((value) => Number.isFinite(value) && value >= 0), JSON.stringify(reading));
      assert.ok(capacityBps === undefined || capacityBps > 0, `${capacityBps}`);
    }
  }
  assert.ok(readings > 100, `${readings}`);
});
