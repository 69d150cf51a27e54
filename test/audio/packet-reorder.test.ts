import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketReorder } from '../../src/audio/packet-reorder.ts';

const packet = (sequenceNumber: number): { payload: Uint8Array; sequenceNumber: number; timestamp: number } =>
  ({ payload: Uint8Array.of(1), sequenceNumber: sequenceNumber & 0xffff, timestamp: sequenceNumber * 960 });

test('packets come out in order across the wrap of their numbers', () => {
  const packets = new PacketReorder();
  for (const number of [65_533, 65_535, 65_534, 65_537, 65_536]) {
    assert.ok(packets.push(packet(number)));
  }
  assert.deepEqual(Array.from({ length: 6 }, () => packets.take()?.sequenceNumber), [65_533, 65_534, 65_535, 0, 1, undefined]);
});

test('duplicates and late packets are dropped', () => {
  const packets = new PacketReorder();
  assert.ok(packets.push(packet(10)));
  assert.ok(!packets.push(packet(10)));
  packets.take();
  assert.ok(!packets.push(packet(10)));
  assert.ok(!packets.push(packet(5)));
  assert.equal(packets.length, 0);
});

test('before anything was taken, a first packet from too far back for those that wait does not take their places', () => {
  const packets = new PacketReorder();
  for (const number of [100, 134, 160]) {
    packets.push(packet(number));
  }
  assert.ok(!packets.push(packet(70)), 'packet 70 would share a place with 134');
  assert.equal(packets.take()?.sequenceNumber, 100);
});

test('before anything was taken, a packet sent before the first to come is taken first', () => {
  const packets = new PacketReorder();
  for (const number of [100, 130, 70]) {
    assert.ok(packets.push(packet(number)));
  }
  assert.equal(packets.take()?.sequenceNumber, 70);
});

test('a missing packet holds the next ones back until it is given up', () => {
  const packets = new PacketReorder();
  packets.push(packet(1));
  packets.push(packet(4));
  packets.take();
  assert.equal(packets.take(), undefined);
  assert.deepEqual(packets.giveUp(), { lost: 2, timestamp: 4 * 960 });
  assert.equal(packets.take()?.sequenceNumber, 4);
  assert.equal(packets.giveUp(), undefined);
});

test('a jump forward or back starts anew, and a sender that counts from far back is followed after a while', () => {
  const packets = new PacketReorder();
  packets.push(packet(1));
  packets.push(packet(500));
  assert.equal(packets.length, 1);
  assert.equal(packets.take()?.sequenceNumber, 500);
  packets.push(packet(30_000));
  assert.equal(packets.take()?.sequenceNumber, 30_000);
  let kept = 0;
  for (let number = 29_500; number < 29_530; number++) {
    kept += Number(packets.push(packet(number)));
  }
  assert.equal(kept, 15);
});

test('any order of numbers keeps it bounded', () => {
  const packets = new PacketReorder();
  let seed = 1;
  for (let n = 0; n < 20_000; n++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    packets.push(packet(n % 3 === 0 ? seed >>> 16 : n));
    assert.ok(packets.length <= 64);
    if (n % 5 === 0) {
      packets.giveUp();
      packets.take();
    }
  }
});

test('late packets, as many as there are now and then, make no jump back while others come in time', () => {
  const packets = new PacketReorder();
  let sent = 1000;
  packets.push(packet(sent));
  packets.take();
  for (let burst = 0; burst < 3; burst++) {
    for (let late = 0; late < 10; late++) {
      assert.ok(!packets.push(packet(sent - 20 + late)));
    }
    sent += 1;
    assert.ok(packets.push(packet(sent)));
    assert.equal(packets.take()?.sequenceNumber, sent);
  }
});
