import assert from 'node:assert/strict';
import { test } from 'node:test';
import { H264RtpPayload } from 'werift';
import { packetizeH264, splitAnnexB } from '../../src/transport/packetize-h264.ts';

/** A unit of that type whose bytes never look like a start code. */
const unit = (header: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i === 0 ? header : (i % 250) + 3));

const annexB = (...units: readonly Uint8Array[]): Uint8Array => Buffer.concat(units.flatMap((one, index) => [Buffer.from(index % 2 === 0 ? [0, 0, 0, 1] : [0, 0, 1]), one]));

/** Puts payloads together again with werift's reader. */
function reassemble(payloads: readonly Buffer[]): Uint8Array[] {
  let fragment: Buffer | undefined;
  const whole: Buffer[] = [];
  for (const payload of payloads) {
    const read = H264RtpPayload.deSerialize(payload, fragment);
    fragment = read.fragment;
    // Without a payload while a fragmented unit is incomplete, whatever its type says.
    whole.push(...[read.payload as Buffer | undefined].filter((payload) => payload !== undefined));
  }
  return splitAnnexB(Buffer.concat(whole));
}

const SPS = unit(0x67, 20);
const PPS = unit(0x68, 6);
const SEI = unit(0x06, 30);

test('a key frame comes back whole through an independent reader, without what no browser needs', () => {
  const slice = unit(0x65, 5000);
  const payloads = packetizeH264(annexB(SPS, PPS, SEI, slice), 1140);
  assert.ok(payloads.every(({ length }) => length <= 1140));
  assert.equal(payloads[0]![0]! & 0x1f, 24, 'the parameter sets travel together');
  assert.deepEqual(payloads.slice(1).map((payload) => [payload[0]! & 0x1f, payload[1]! >> 6]), [[28, 2], [28, 0], [28, 0], [28, 0], [28, 1]]);
  assert.deepEqual(reassemble(payloads).map((one) => [...one]), [SPS, PPS, slice].map((one) => [...one]));
});

test('a small slice is a payload as it is', () => {
  const slice = unit(0x41, 1140);
  assert.deepEqual(packetizeH264(annexB(slice), 1140).map((payload) => [...payload]), [[...slice]]);
  assert.equal(packetizeH264(annexB(unit(0x41, 1141)), 1140).length, 2);
});

test('units are split at short and long start codes; zeros between them belong to no unit', () => {
  const stream = Buffer.concat([Buffer.from([0, 0, 0, 1]), SPS, Buffer.from([0, 0, 0, 0, 0, 1]), PPS, Buffer.from([0])]);
  assert.deepEqual(splitAnnexB(stream).map((one) => [...one]), [[...SPS], [...PPS]]);
  assert.deepEqual(splitAnnexB(Buffer.from([1, 2, 3])), []);
});
