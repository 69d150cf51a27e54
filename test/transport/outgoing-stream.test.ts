import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RTCDtlsTransport } from 'werift';
import { OutgoingStream } from '../../src/transport/outgoing-stream.ts';

/** A stream whose packets are kept instead of sent. */
function kept(): { stream: OutgoingStream; sent: { sequenceNumber: number; payload: Buffer }[] } {
  const sent: { sequenceNumber: number; payload: Buffer }[] = [];
  const transport = {
    sendRtp: (payload: Buffer, { sequenceNumber }: { sequenceNumber: number }) => {
      sent.push({ sequenceNumber, payload });
      return Promise.resolve();
    },
  };
  const stream = new OutgoingStream({
    transport: transport as unknown as RTCDtlsTransport, ssrc: 7, payloadType: 96, clockRateHz: 90_000, mid: '0', cname: 'test', extensions: {},
    retransmission: { ssrc: 8, payloadType: 97 },
  });
  return { stream, sent };
}

test('bytes are known up to each packet of late', () => {
  const { stream, sent } = kept();
  for (let packet = 0; packet < 600; packet++) {
    stream.send(Buffer.alloc(100), packet * 3600, true);
  }
  const numbers = sent.map(({ sequenceNumber }) => sequenceNumber);
  assert.equal(stream.bytesUntil(numbers[599]!), 60_000);
  assert.equal(stream.bytesUntil(numbers[100]!), 10_100);
  assert.equal(stream.bytesUntil(numbers[0]!), undefined, 'too long ago');
});

test('lost packets are sent again with their number, once in a round trip, and counted as missed once', (t) => {
  let nowMs = 1000;
  t.mock.method(performance, 'now', () => nowMs);
  const { stream, sent } = kept();
  stream.send(Buffer.from([1]), 0, false);
  stream.send(Buffer.from([2]), 0, true);
  const lost = sent.splice(0)[1]!.sequenceNumber;
  assert.equal(stream.resend([lost], 60_000), 1);
  assert.deepEqual(sent.map(({ payload }) => [payload.readUInt16BE(0), payload[2]]), [[lost, 2]]);
  nowMs += 59_999;
  assert.equal(stream.resend([lost], 60_000), 0);
  assert.equal(sent.length, 1);
  nowMs += 1;
  assert.equal(stream.resend([lost], 60_000), 0, 'missed already');
  assert.equal(stream.resent, 2);
});

test('what was lost before a key frame is missed but not sent again', () => {
  const { stream, sent } = kept();
  stream.send(Buffer.from([1]), 0, true);
  stream.startAnew();
  stream.send(Buffer.from([2]), 3600, true);
  const [before, keyFrame] = sent.splice(0).map(({ sequenceNumber }) => sequenceNumber) as [number, number];
  assert.equal(stream.resend([before, keyFrame], 0), 2);
  assert.deepEqual(sent.map(({ payload }) => payload.readUInt16BE(0)), [keyFrame]);
});

test('lost packets are sent again however long ago the last key frame was', (t) => {
  let nowMs = 1000;
  t.mock.method(performance, 'now', () => nowMs);
  const { stream, sent } = kept();
  stream.startAnew();
  for (const packets of [1, 32_768, 32_769, 65_536, 100_000]) {
    while (stream.packets < packets) {
      stream.send(Buffer.from([7]), 0, true);
    }
    const newest = sent[sent.length - 1]!.sequenceNumber;
    sent.length = 0;
    assert.equal(stream.resend([newest], 0), 1);
    assert.deepEqual(sent.map(({ payload }) => payload.readUInt16BE(0)), [newest], `after ${packets} packets`);
    nowMs += 50;
  }
});

test('a packet named over and over is sent again once in 50 ms, also where the round trip is unknown or nothing', (t) => {
  let nowMs = 1000;
  t.mock.method(performance, 'now', () => nowMs);
  const { stream, sent } = kept();
  stream.send(Buffer.from([1]), 0, true);
  const lost = sent[0]!.sequenceNumber;
  const named = new Array<number>(5000).fill(lost);
  assert.equal(stream.resend(named, 0), 1);
  assert.equal(stream.resent, 1);
  nowMs += 49;
  stream.resend(named, 0);
  assert.equal(stream.resent, 1);
  nowMs += 1;
  stream.resend(named, 0);
  assert.equal(stream.resent, 2);
});

test('at most 64 packets are sent again in 50 ms, the oldest first; the rest are missed when they are named again later', (t) => {
  let nowMs = 1000;
  t.mock.method(performance, 'now', () => nowMs);
  const { stream, sent } = kept();
  for (let packet = 0; packet < 100; packet++) {
    stream.send(Buffer.from([packet]), 0, false);
  }
  const lost = sent.splice(0).map(({ sequenceNumber }) => sequenceNumber);
  assert.equal(stream.resend(lost.slice(0, 40), 0), 40);
  assert.equal(stream.resend(lost, 0), 24);
  assert.deepEqual(sent.splice(0).map(({ payload }) => payload[2]), Array.from({ length: 64 }, (_, packet) => packet));
  nowMs += 49;
  assert.equal(stream.resend(lost, 60_000), 0);
  nowMs += 1;
  assert.equal(stream.resend(lost, 60_000), 36);
  assert.deepEqual(sent.map(({ payload }) => payload[2]), Array.from({ length: 36 }, (_, packet) => 64 + packet));
});
