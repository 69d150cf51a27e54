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
