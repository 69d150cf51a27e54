import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtpHeader } from 'werift';
import { OutgoingHeader } from '../../src/transport/outgoing-header.ts';

test('what it writes is what werift reads, packet after packet', () => {
  const header = new OutgoingHeader({ ssrc: 0xfedc_ba98, payloadType: 96, mid: '1', extensions: { mid: 4, absoluteSendTime: 2 } });
  for (const [sequenceNumber, timestamp, marker] of [[65_535, 4_294_967_295, true], [0, 90_000, false]] as const) {
    Object.assign(header, { sequenceNumber, timestamp, marker });
    const bytes = header.serialize();
    assert.equal(bytes.length, header.serializeSize);
    const read = RtpHeader.deSerialize(bytes);
    assert.deepEqual(
      [read.version, read.ssrc, read.payloadType, read.sequenceNumber, read.timestamp, read.marker, read.payloadOffset],
      [2, 0xfedc_ba98, 96, sequenceNumber, timestamp, marker, bytes.length],
    );
    assert.deepEqual(read.extensions.map(({ id }) => id), [4, 2]);
    assert.equal(read.extensions[0]?.payload.toString(), '1');
    const sentS = (read.extensions[1]?.payload.readUIntBE(0, 3) ?? 0) / 0x4_0000;
    const nowS = (Date.now() % 64_000) / 1000;
    assert.ok((nowS - sentS + 64) % 64 < 1, `sent at ${sentS} s, now ${nowS} s`);
  }
});

test('without extensions it is twelve bytes', () => {
  const header = new OutgoingHeader({ ssrc: 1, payloadType: 111, mid: '0', extensions: {} });
  assert.equal(header.serialize().length, 12);
  assert.equal(RtpHeader.deSerialize(header.serialize()).extension, false);
});

test('a mid that is too long for a header extension is left out', () => {
  for (const [length, ids] of [[16, [4, 2]], [17, [2]]] as const) {
    const bytes = new OutgoingHeader({ ssrc: 1, payloadType: 96, mid: 'm'.repeat(length), extensions: { mid: 4, absoluteSendTime: 2 } }).serialize();
    const read = RtpHeader.deSerialize(bytes);
    assert.deepEqual([read.extensions.map(({ id }) => id), read.extensions.at(-1)?.payload.length, read.payloadOffset], [[...ids], 3, bytes.length], `${length} characters`);
  }
});

test('a transport-wide number is written where it was agreed on, packet after packet', () => {
  const header = new OutgoingHeader({ ssrc: 1, payloadType: 96, mid: '0', extensions: { mid: 4, absoluteSendTime: 2, transportNumber: 3 } });
  for (const transportNumber of [0, 65_535, 258]) {
    header.transportNumber = transportNumber;
    const read = RtpHeader.deSerialize(header.serialize());
    assert.deepEqual(read.extensions.map(({ id }) => id), [4, 2, 3]);
    assert.equal(read.extensions[2]?.payload.readUInt16BE(0), transportNumber);
    assert.equal(header.serialize().length, read.payloadOffset);
  }
});
