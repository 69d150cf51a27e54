import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Vp8RtpPayload } from 'werift';
import { packetizeVp8 } from '../../src/transport/packetize-vp8.ts';

test('a frame cut into payloads comes back whole through an independent reader', () => {
  const frame = Uint8Array.from({ length: 3000 }, (_, i) => (i * 7) & 0xff);
  const payloads = packetizeVp8(frame, 0x1_8005, 1000);
  assert.ok(payloads.every(({ length }) => length <= 1000));
  const read = payloads.map((payload) => Vp8RtpPayload.deSerialize(payload));
  assert.deepEqual(read.map(({ sBit }) => sBit), [1, 0, 0, 0]);
  assert.ok(read.every(({ pid, pictureId }) => pid === 0 && pictureId === 5), 'the picture number has 15 bits');
  assert.deepEqual(Uint8Array.from(Buffer.concat(read.map(({ payload }) => payload))), frame);
});

test('a frame that just fits is one payload, one byte more are two', () => {
  assert.equal(packetizeVp8(new Uint8Array(996), 0, 1000).length, 1);
  assert.equal(packetizeVp8(new Uint8Array(997), 0, 1000).length, 2);
  assert.equal(packetizeVp8(new Uint8Array(0), 0, 1000).length, 0);
});

test('payloads of a frame are of nearly one size, so that two that leave together tell how fast the path is', () => {
  assert.deepEqual(packetizeVp8(new Uint8Array(1000), 0, 1000).map(({ length }) => length), [504, 504]);
  assert.deepEqual(packetizeVp8(new Uint8Array(2500), 0, 1000).map(({ length }) => length), [838, 838, 836]);
});
