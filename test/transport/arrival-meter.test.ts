import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArrivalMeter } from '../../src/transport/arrival-meter.ts';

test('two reports tell what was sent and what arrived between them', () => {
  const meter = new ArrivalMeter();
  assert.equal(meter.reported({ sentBytes: 10_000, reachedBytes: 9000, fractionLost: 0.5 }, 0), undefined);
  assert.deepEqual(meter.reported({ sentBytes: 110_000, reachedBytes: 59_000, fractionLost: 0.2 }, 1000), { fractionLost: 0.2, sentBps: 800_000, arrivedBps: 320_000 });
});

test('a report right after another one waits for the next', () => {
  const meter = new ArrivalMeter();
  meter.reported({ sentBytes: 0, reachedBytes: 0, fractionLost: 0 }, 0);
  assert.equal(meter.reported({ sentBytes: 5000, reachedBytes: 5000, fractionLost: 0 }, 10), undefined);
  assert.equal(meter.reported({ sentBytes: 50_000, reachedBytes: 50_000, fractionLost: 0 }, 500)?.arrivedBps, 800_000);
});

test('many missed packets tell before the next report does', () => {
  const meter = new ArrivalMeter();
  assert.equal(meter.missed(4, { packets: 100, bytes: 100_000 }, 0), undefined);
  assert.equal(meter.missed(4, { packets: 110, bytes: 110_000 }, 100), undefined, 'too soon');
  assert.deepEqual(meter.missed(8, { packets: 124, bytes: 124_000 }, 240), { fractionLost: 0.5, sentBps: 800_000, arrivedBps: 400_000 });
  assert.equal(meter.missed(1, { packets: 125, bytes: 125_000 }, 250), undefined, 'counted anew');
});

test('a few missed packets now and then tell nothing', () => {
  const meter = new ArrivalMeter();
  for (let second = 0; second < 20; second++) {
    assert.equal(meter.missed(3, { packets: second * 60, bytes: second * 60_000 }, second * 600), undefined);
  }
});

test('where a viewer names an older packet than before nothing arrived, not less than nothing', () => {
  const meter = new ArrivalMeter();
  meter.reported({ sentBytes: 50_000, reachedBytes: 50_000, fractionLost: 0 }, 0);
  assert.deepEqual(meter.reported({ sentBytes: 60_000, reachedBytes: 10_000, fractionLost: 0 }, 1000), { fractionLost: 0, sentBps: 80_000, arrivedBps: 0 });
});
