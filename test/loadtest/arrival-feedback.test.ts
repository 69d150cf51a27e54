import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcpPacketConverter, RtcpTransportLayerFeedback, TransportWideCC } from 'werift';
import { ArrivalFeedback } from '../../loadtest/arrival-feedback.ts';

test('what it writes is what another reader reads', () => {
  const feedback = new ArrivalFeedback();
  feedback.arrived(10, 640);
  feedback.arrived(12, 641);
  feedback.arrived(13, 900);
  const [packet] = RtcpPacketConverter.deSerialize(feedback.message() ?? Buffer.alloc(0));
  assert.ok(packet instanceof RtcpTransportLayerFeedback && packet.feedback instanceof TransportWideCC);
  const { baseSequenceNumber, packetStatusCount, referenceTime, recvDeltas } = packet.feedback;
  assert.deepEqual([baseSequenceNumber, packetStatusCount, referenceTime], [10, 4, 10]);
  assert.deepEqual(recvDeltas.map(({ delta }) => delta), [0, 1000, 259_000]);
});

test('each message goes on where the one before ended, also over losses, and long pauses come in parts', () => {
  const feedback = new ArrivalFeedback();
  assert.equal(feedback.message(), undefined);
  const spans: number[][] = [];
  for (const number of [65_530, 3, 1200]) {
    feedback.arrived(number, 1000);
    for (let message = feedback.message(); message !== undefined; message = feedback.message()) {
      spans.push([message.readUInt16BE(12), message.readUInt16BE(14)]);
    }
  }
  assert.deepEqual(spans, [[65_530, 1], [65_531, 9], [4, 500], [504, 500], [1004, 197]]);
});
