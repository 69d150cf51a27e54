import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  GenericNack, PictureLossIndication, ReceiverEstimatedMaxBitrate, RtcpPacketConverter, RtcpPayloadSpecificFeedback, RtcpReceiverInfo, RtcpRrPacket,
  RtcpSenderInfo, RtcpSrPacket, RtcpTransportLayerFeedback,
} from 'werift';
import type { RtcpPacket } from 'werift';
import { compactNtp } from '../../src/transport/ntp-time.ts';
import { readRtcpFeedback } from '../../src/transport/rtcp-feedback.ts';
import type { RtcpFeedback } from '../../src/transport/rtcp-feedback.ts';

const MICROPHONE = 11;
const VIDEO = 22;

/** Sends a packet over the wire, so to speak. */
function overTheWire(packet: RtcpPacket | Buffer, unixMs = 0): RtcpFeedback[] {
  return RtcpPacketConverter.deSerialize(Buffer.isBuffer(packet) ? packet : packet.serialize()).flatMap((one) => readRtcpFeedback(one, unixMs));
}

test('a picture-loss indication names the picture, whoever sends it', () => {
  const packet = new RtcpPayloadSpecificFeedback({ feedback: new PictureLossIndication({ senderSsrc: MICROPHONE, mediaSsrc: VIDEO }) });
  assert.deepEqual(overTheWire(packet), [{ kind: 'keyFrameWanted', ssrc: VIDEO, by: 'pli' }]);
});

test('a full intra request names the picture in its entry', () => {
  const packet = Buffer.alloc(20);
  packet.writeUInt8(0x84, 0);
  packet.writeUInt8(206, 1);
  packet.writeUInt16BE(4, 2);
  packet.writeUInt32BE(MICROPHONE, 4);
  packet.writeUInt32BE(VIDEO, 12);
  packet.writeUInt8(7, 16);
  assert.deepEqual(overTheWire(packet), [{ kind: 'keyFrameWanted', ssrc: VIDEO, by: 'fir' }]);
});

test('lost packets are named one by one', () => {
  const packet = new RtcpTransportLayerFeedback({ feedback: new GenericNack({ senderSsrc: MICROPHONE, mediaSourceSsrc: VIDEO, lost: [65_534, 65_535, 3] }) });
  const [feedback] = overTheWire(packet);
  assert.equal(feedback?.kind, 'packetsLost');
  assert.equal(feedback.ssrc, VIDEO);
  assert.deepEqual([...feedback.sequenceNumbers].sort((a, b) => a - b), [3, 65_534, 65_535]);
});

/** A NACK of the picture as browsers write it: groups of a first number and a mask of the sixteen after it. */
function nack(...groups: readonly (readonly [first: number, mask: number])[]): Buffer {
  const words = [0x81_cd_00_00 + 2 + groups.length, MICROPHONE, VIDEO, ...groups.map(([first, mask]) => first * 0x1_0000 + mask)];
  return Buffer.concat(words.map((word) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(word);
    return bytes;
  }));
}

test('lost packets that a mask names are counted on past the end of the numbers', () => {
  const [feedback] = overTheWire(nack([65_534, 0b1011]));
  assert.equal(feedback?.kind, 'packetsLost');
  assert.deepEqual(feedback.sequenceNumbers, [65_534, 65_535, 0, 2]);
});

test('what follows a NACK in the same message names no lost packets', () => {
  const estimate = new ReceiverEstimatedMaxBitrate({ senderSsrc: MICROPHONE, mediaSsrc: 0, ssrcNum: 1, brExp: 4, brMantissa: 62_500, ssrcFeedbacks: [VIDEO] });
  const after = new RtcpPayloadSpecificFeedback({ feedback: estimate }).serialize();
  assert.deepEqual(overTheWire(Buffer.concat([nack([100, 0b101], [30, 0], [200, 0x8000]), after])), [
    { kind: 'packetsLost', ssrc: VIDEO, sequenceNumbers: [100, 101, 103, 30, 200, 216] },
    { kind: 'bandwidth', bps: 1_000_000 },
  ]);
});

test('a NACK that says it is longer or shorter than it is breaks nothing', () => {
  for (const words of [0, 1, 2, 0xffff]) {
    const packet = nack([100, 0]);
    packet.writeUInt16BE(words, 2);
    const [feedback] = overTheWire(packet);
    assert.equal(feedback?.kind, 'packetsLost');
    assert.deepEqual(feedback.sequenceNumbers, words === 0xffff ? [100] : []);
  }
});

test('bandwidths of nothing and of more than any path takes are numbers, and messages of other applications are no bandwidth', () => {
  const estimate = (brExp: number, brMantissa: number): Buffer => new RtcpPayloadSpecificFeedback({
    feedback: new ReceiverEstimatedMaxBitrate({ senderSsrc: MICROPHONE, mediaSsrc: 0, ssrcNum: 1, brExp, brMantissa, ssrcFeedbacks: [VIDEO] }),
  }).serialize();
  assert.deepEqual(overTheWire(estimate(0, 0)), [{ kind: 'bandwidth', bps: 0 }]);
  assert.deepEqual(overTheWire(estimate(63, 0x3_ffff)), [{ kind: 'bandwidth', bps: 2 ** 64 }]);
  const foreign = estimate(4, 62_500);
  foreign.write('ELSE', 12, 'latin1');
  assert.deepEqual(overTheWire(foreign), []);
});

test('REMB is bits a second', () => {
  const packet = new RtcpPayloadSpecificFeedback({
    feedback: new ReceiverEstimatedMaxBitrate({ senderSsrc: MICROPHONE, mediaSsrc: 0, ssrcNum: 1, brExp: 4, brMantissa: 62_500, ssrcFeedbacks: [VIDEO] }),
  });
  assert.deepEqual(overTheWire(packet), [{ kind: 'bandwidth', bps: 1_000_000 }]);
});

test('reports are read from receiver reports and from sender reports, which a viewer with a microphone sends', () => {
  const sentMs = 1_800_000_000_000;
  const report = new RtcpReceiverInfo({
    ssrc: VIDEO, fractionLost: 64, packetsLost: 12, highestSequence: 2 * 65_536 + 5, jitter: 900, lsr: compactNtp(sentMs), dlsr: Math.round(0.2 * 65_536),
  });
  for (const packet of [
    new RtcpRrPacket({ ssrc: MICROPHONE, reports: [report] }),
    new RtcpSrPacket({ ssrc: MICROPHONE, senderInfo: new RtcpSenderInfo({ ntpTimestamp: 0n, rtpTimestamp: 0, packetCount: 0, octetCount: 0 }), reports: [report] }),
  ]) {
    const [feedback] = overTheWire(packet, sentMs + 250);
    assert.equal(feedback?.kind, 'report');
    assert.deepEqual([feedback.ssrc, feedback.fractionLost, feedback.packetsLost, feedback.jitterTicks, feedback.newestSequenceNumber], [VIDEO, 0.25, 12, 900, 5]);
    assert.ok(Math.abs((feedback.roundTripMs ?? 0) - 50) < 0.1, `${feedback.roundTripMs} ms`);
  }
});

test('there is no round trip before a report came back', () => {
  const [feedback] = overTheWire(new RtcpRrPacket({ ssrc: 1, reports: [new RtcpReceiverInfo({ ssrc: VIDEO, fractionLost: 0, packetsLost: 0, highestSequence: 0, jitter: 0, lsr: 0, dlsr: 0 })] }));
  assert.equal(feedback?.kind, 'report');
  assert.equal(feedback.roundTripMs, undefined);
});

test('a round trip that cannot be true is none, and one of less than nothing is nothing', () => {
  const sentMs = 1_800_000_000_000;
  const roundTripMs = (lsr: number, dlsr: number): number | undefined => {
    const report = new RtcpReceiverInfo({ ssrc: VIDEO, fractionLost: 255, packetsLost: 0xff_ffff, highestSequence: 0xffff_ffff, jitter: 0xffff_ffff, lsr, dlsr });
    const [feedback] = overTheWire(new RtcpRrPacket({ ssrc: MICROPHONE, reports: [report] }), sentMs);
    assert.equal(feedback?.kind, 'report');
    assert.ok(feedback.fractionLost < 1);
    return feedback.roundTripMs;
  };
  const now = compactNtp(sentMs);
  assert.equal(roundTripMs(now, 0), 0);
  assert.equal(roundTripMs(now, 65_536), 0);
  assert.equal(roundTripMs(now - 9 * 65_536, 0), 9000);
  assert.equal(roundTripMs(now - 11 * 65_536, 0), undefined);
  assert.equal(roundTripMs(now, 0xf000_0000), undefined);
});
