import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArrivalFeedback } from '../../loadtest/arrival-feedback.ts';
import { ARRIVAL_TICK_MS, TransportFeedback, takeTransportFeedback } from '../../src/transport/transport-feedback.ts';

/** A feedback as the draft draws it: number of the first packet, count, reference time, and what follows. */
function message(parts: { first: number; count: number; reference?: number; chunks: readonly number[]; deltas: readonly number[] }): Buffer {
  const bytes = Buffer.alloc(Math.ceil((20 + parts.chunks.length * 2 + parts.deltas.length) / 4) * 4);
  bytes.set([0x8f, 205]);
  bytes.writeUInt16BE(bytes.length / 4 - 1, 2);
  bytes.writeUInt16BE(parts.first, 12);
  bytes.writeUInt16BE(parts.count, 14);
  bytes.writeIntBE(parts.reference ?? 0, 16, 3);
  parts.chunks.forEach((chunk, index) => bytes.writeUInt16BE(chunk, 20 + index * 2));
  bytes.set(parts.deltas, 20 + parts.chunks.length * 2);
  return bytes;
}

/** Arrival times in ticks; undefined for packets that did not come. */
function read(packet: Uint8Array): (number | undefined)[] | undefined {
  const feedback = new TransportFeedback();
  return feedback.read(packet) ? Array.from({ length: feedback.count }, (_, index) => (feedback.arrived(index) ? feedback.arrivalTicks(index) : undefined)) : undefined;
}

test('a run of packets with one status, and times that add up from the reference time', () => {
  const packet = message({ first: 65_534, count: 4, reference: 3, chunks: [0x2004], deltas: [1, 4, 0, 255] });
  assert.deepEqual(read(packet), [769, 773, 773, 1028]);
  const feedback = new TransportFeedback();
  feedback.read(packet);
  assert.deepEqual([feedback.firstNumber, feedback.count], [65_534, 4]);
});

test('single statuses of one bit and of two, packets that did not come, and times that go back', () => {
  // 1 0 1 1 in one bit each, then 1 0 2 1 in two bits each; unused symbols count for nothing.
  const chunks = [0b1010_1100_0000_0000, 0b1101_0010_0100_0000];
  assert.deepEqual(read(message({ first: 7, count: 14, chunks: [chunks[0]!], deltas: [10, 20, 30] }))?.slice(0, 4), [10, undefined, 30, 60]);
  assert.deepEqual(read(message({ first: 7, count: 4, chunks: [chunks[1]!], deltas: [10, 0xff, 0xfe, 5] })), [10, undefined, 8, 13]);
});

test('a status that is reserved is no arrival', () => {
  assert.deepEqual(read(message({ first: 0, count: 2, chunks: [0x6002], deltas: [] })), [undefined, undefined]);
});

test('times wrap with the reference time', () => {
  const before = read(message({ first: 0, count: 1, reference: 0x7f_ffff, chunks: [0x2001], deltas: [0] }))?.[0] ?? 0;
  const after = read(message({ first: 1, count: 1, reference: -0x80_0000, chunks: [0x2001], deltas: [0] }))?.[0] ?? 0;
  assert.equal(((after - before) | 0) * ARRIVAL_TICK_MS, 64);
});

test('what a viewer tells as Chromium does is read as it was, late and lost packets too', () => {
  const told = new ArrivalFeedback();
  const arrivedMs: Record<number, number> = { 65_533: 1000, 65_534: 1000.25, 0: 1100, 1: 1099, 3: 1200.5 };
  for (const [number, ms] of Object.entries(arrivedMs).sort(([, a], [, b]) => a - b)) {
    told.arrived(Number(number), ms);
  }
  const feedback = new TransportFeedback();
  assert.ok(feedback.read(told.message() ?? Buffer.alloc(0)));
  assert.deepEqual([feedback.firstNumber, feedback.count], [65_533, 7]);
  const expected = [1000, 1000.25, undefined, 1100, 1099, undefined, 1200.5];
  assert.deepEqual(expected.map((_, index) => (feedback.arrived(index) ? feedback.arrivalTicks(index) * ARRIVAL_TICK_MS : undefined)), expected);
  assert.equal(told.message(), undefined, 'nothing new');
  told.arrived(2, 1210);
  assert.ok(feedback.read(told.message() ?? Buffer.alloc(0)));
  assert.deepEqual([feedback.firstNumber, feedback.count, feedback.arrived(1)], [2, 2, true], 'a late packet, and again what came after it');
});

test('what ends too early, claims too much or is no feedback tells of nothing', () => {
  const good = message({ first: 0, count: 8, chunks: [0x2008], deltas: [1, 2, 3, 4, 5, 6, 7, 8] });
  assert.equal(read(good)?.length, 8);
  for (let length = 0; length < 30; length++) {
    assert.equal(read(good.subarray(0, length)), undefined, `${length} bytes`);
  }
  assert.equal(read(message({ first: 0, count: 65_535, chunks: new Array<number>(9).fill(0x3fff), deltas: [] })), undefined);
  assert.equal(read(message({ first: 0, count: 9, chunks: new Array<number>(50).fill(0x2000), deltas: [] })), undefined, 'runs of nothing');
});

test('no bytes at all break it', () => {
  let state = 1;
  for (let round = 0; round < 3000; round++) {
    const bytes = Uint8Array.from({ length: round % 90 }, () => (state = (state * 48_271) % 0x7fff_ffff) & 0xff);
    const times = read(bytes);
    assert.ok(times === undefined || times.length <= 1024);
  }
});

test('feedback is taken out of a message, and the rest stays as it was', () => {
  const feedback = message({ first: 0, count: 1, chunks: [0x2001], deltas: [1] });
  const other = Buffer.from([0x81, 201, 0, 1, 1, 2, 3, 4]);
  const taken: Buffer[] = [];
  const take = (packet: Buffer): void => { taken.push(Buffer.from(packet)); };
  assert.deepEqual(takeTransportFeedback(Buffer.concat([other, feedback, other, feedback]), take), Buffer.concat([other, other]));
  assert.deepEqual(taken, [feedback, feedback]);
  assert.equal(takeTransportFeedback(other, take), other);
  assert.equal(takeTransportFeedback(feedback, take).length, 0);
});

test('a message whose lengths are wrong is left to werift from there on', () => {
  const feedback = message({ first: 0, count: 1, chunks: [0x2001], deltas: [1] });
  const longer = Buffer.from(feedback);
  longer.writeUInt16BE(200, 2);
  let taken = 0;
  assert.deepEqual(takeTransportFeedback(Buffer.concat([feedback, longer]), () => { taken += 1; }), longer);
  assert.equal(taken, 1);
  assert.equal(takeTransportFeedback(Buffer.from([0x8f, 205]), () => { taken += 1; }).length, 2);
});
