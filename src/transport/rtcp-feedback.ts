import {
  GenericNack, PictureLossIndication, ReceiverEstimatedMaxBitrate, RtcpPayloadSpecificFeedback, RtcpRrPacket, RtcpSrPacket,
  RtcpTransportLayerFeedback,
} from 'werift';
import type { RtcpPacket } from 'werift';
import { compactNtp } from './ntp-time.ts';

/** Words of 32 bits in a NACK before its groups of lost packets. */
const NACK_HEADER_WORDS = 2;

/** Lost packets that one group of a NACK can name after its first. */
const NACK_MASK_BITS = 16;

/** Longest round trip that is believed, in milliseconds: the report is forged, or the clock was set meanwhile. */
const LONGEST_ROUND_TRIP_MS = 10_000;

/** What a viewer says about a stream that it receives. */
export type RtcpFeedback =
  /** The picture cannot be decoded until a key frame comes. */
  | { readonly kind: 'keyFrameWanted'; readonly ssrc: number; readonly by: 'pli' | 'fir' }
  /** Packets that did not come. */
  | { readonly kind: 'packetsLost'; readonly ssrc: number; readonly sequenceNumbers: readonly number[] }
  /** Bits a second that the way to the viewer takes. */
  | { readonly kind: 'bandwidth'; readonly bps: number }
  /** How a stream arrives. `jitterTicks` in RTP ticks; no round trip before a sender report came back, nor where it cannot be true. */
  | {
    readonly kind: 'report'; readonly ssrc: number; readonly fractionLost: number; readonly packetsLost: number;
    readonly jitterTicks: number; readonly roundTripMs: number | undefined;
    /** The newest packet that arrived, modulo 2¹⁶. */
    readonly newestSequenceNumber: number;
  };

/**
 * Reads one RTCP packet by the stream it is about. (werift goes by who sent it: with a microphone on the same
 * connection, picture-loss indications and reports about the picture end up at the microphone's receiver.)
 */
export function readRtcpFeedback(packet: RtcpPacket, unixMs: number): RtcpFeedback[] {
  if (packet instanceof RtcpRrPacket || packet instanceof RtcpSrPacket) {
    return packet.reports.map((report) => ({
      kind: 'report', ssrc: report.ssrc, fractionLost: report.fractionLost / 256, packetsLost: signed24(report.packetsLost),
      jitterTicks: report.jitter, newestSequenceNumber: report.highestSequence & 0xffff, roundTripMs: roundTripMs(report.lsr, report.dlsr, unixMs),
    }));
  }
  if (packet instanceof RtcpTransportLayerFeedback) {
    const { feedback } = packet;
    return feedback instanceof GenericNack ? [{ kind: 'packetsLost', ssrc: feedback.mediaSourceSsrc, sequenceNumbers: readLost(feedback) }] : [];
  }
  return packet instanceof RtcpPayloadSpecificFeedback ? readPayloadFeedback(packet) : [];
}

/**
 * Returns the lost packets that a NACK names. werift does not wrap the numbers of a group, and goes on reading where the NACK
 * ends: browsers append their bandwidth estimate, whose bytes would count as lost packets.
 */
function readLost({ lost, header }: GenericNack): number[] {
  const numbers: number[] = [];
  let groups = header.length - NACK_HEADER_WORDS;
  let first = Infinity;
  for (const [index, number] of lost.entries()) {
    const sameGroup = number <= first + NACK_MASK_BITS && number > lost[index - 1]!;
    if (!sameGroup) {
      groups -= 1;
      first = number;
    }
    if (groups < 0) {
      break;
    }
    numbers.push(number & 0xffff);
  }
  return numbers;
}

function readPayloadFeedback({ feedback }: RtcpPayloadSpecificFeedback): RtcpFeedback[] {
  if (feedback instanceof PictureLossIndication) {
    return [{ kind: 'keyFrameWanted', ssrc: feedback.mediaSsrc, by: 'pli' }];
  }
  if ('fir' in feedback) {
    return feedback.fir.map(({ ssrc }) => ({ kind: 'keyFrameWanted', ssrc, by: 'fir' }));
  }
  return feedback instanceof ReceiverEstimatedMaxBitrate && feedback.uniqueID === 'REMB' ? [{ kind: 'bandwidth', bps: Number(feedback.bitrate) }] : [];
}

/** RFC 3550, 6.4.1: now − last report − delay since then, in units of 1/65536 s, modulo 2³². */
function roundTripMs(lastReport: number, delay: number, unixMs: number): number | undefined {
  if (lastReport === 0) {
    return undefined;
  }
  const roundTrip = (compactNtp(unixMs) - lastReport - delay) | 0;
  // Negative when the clocks' rounding eats a round trip of nearly nothing.
  const ms = Math.max(0, roundTrip) / 65.536;
  return ms > LONGEST_ROUND_TRIP_MS ? undefined : ms;
}

function signed24(value: number): number {
  return (value << 8) >> 8;
}
