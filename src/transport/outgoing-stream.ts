import { randomInt } from 'node:crypto';
import { RtcpSenderInfo, RtcpSourceDescriptionPacket, RtcpSrPacket, SourceDescriptionChunk, SourceDescriptionItem } from 'werift';
import type { RTCDtlsTransport, RtcpPacket } from 'werift';
import { ntpTimestamp } from './ntp-time.ts';
import { OutgoingHeader } from './outgoing-header.ts';
import type { HeaderExtensionIds } from './outgoing-header.ts';
import type { PathMeter } from './path-meter.ts';

/** What both sides agreed on for one outgoing stream. */
export interface OutgoingStreamOptions {
  readonly transport: RTCDtlsTransport;
  readonly ssrc: number;
  readonly payloadType: number;
  /** RTP ticks in one second. */
  readonly clockRateHz: number;
  readonly mid: string;
  readonly cname: string;
  readonly extensions: HeaderExtensionIds;
  /** Where lost packets are sent again; without it they go out as they were. */
  readonly retransmission?: { readonly ssrc: number; readonly payloadType: number } | undefined;
  /** Numbers each packet; where it is left out, `extensions` has no `transportNumber`. */
  readonly meter?: PathMeter | undefined;
}

/** Packets kept for retransmission: about 2 s of picture. A power of two, so that sequence numbers wrap evenly. */
const HISTORY_PACKETS = 512;

/**
 * Least time between two resends of a packet, in milliseconds: the round trip that a viewer claims may be nothing, and it may
 * name a packet many times in one message.
 */
const LEAST_RESEND_GAP_MS = 50;

/** Packets sent again in `LEAST_RESEND_GAP_MS`, however many are asked for: encrypting them blocks the main thread. The viewer asks again for the rest. */
const MOST_RESENT = 64;

interface SentPacket {
  readonly sequenceNumber: number;
  /** Packets sent before it. */
  readonly index: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
  /** Payload bytes of the stream up to its end. */
  readonly bytesUntil: number;
  /** When it was last sent again, in `performance.now()` time; −Infinity as long as nobody misses it. */
  resentMs: number;
}

/** One RTP stream to the viewer: numbers packets, answers NACKs, makes sender reports. */
export class OutgoingStream {
  readonly ssrc: number;
  readonly #options: OutgoingStreamOptions;
  readonly #header: OutgoingHeader;
  readonly #resendHeader: OutgoingHeader | undefined;
  readonly #history: (SentPacket | undefined)[] = new Array<SentPacket | undefined>(HISTORY_PACKETS).fill(undefined);
  readonly #timestampOffset = randomInt(0, 2 ** 31);
  // Not near the wrap: a receiver that misses the first packets could otherwise not guess the rollover counter.
  #sequenceNumber = randomInt(0, 2 ** 15);
  #resendSequenceNumber = randomInt(0, 2 ** 15);
  /** Index of the first packet that is sent again. */
  #firstNeeded = 0;
  #packets = 0;
  #bytes = 0;
  #resent = 0;
  /** When the present allowance of resends began, in `performance.now()` time, and the count at which it is used up. */
  #allowanceMs = -Infinity;
  #mostResent = 0;

  constructor(options: OutgoingStreamOptions) {
    this.#options = options;
    this.ssrc = options.ssrc;
    this.#header = new OutgoingHeader(options);
    this.#resendHeader = options.retransmission === undefined ? undefined : new OutgoingHeader({ ...options, ...options.retransmission });
  }

  /** Packets sent, without those sent again. */
  get packets(): number {
    return this.#packets;
  }

  /** Payload bytes sent, without those sent again. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Packets sent again. */
  get resent(): number {
    return this.#resent;
  }

  /** The RTP time of a media time, modulo 2³². */
  timestampOf(mediaUs: number): number {
    return (Math.round((mediaUs * this.#options.clockRateHz) / 1_000_000) + this.#timestampOffset) % 2 ** 32;
  }

  /** Sends one packet; `marker` on the last of a picture. */
  send(payload: Buffer, timestamp: number, marker: boolean): void {
    const sequenceNumber = this.#sequenceNumber;
    this.#sequenceNumber = (sequenceNumber + 1) & 0xffff;
    const index = this.#packets;
    this.#packets += 1;
    this.#bytes += payload.length;
    this.#history[sequenceNumber % HISTORY_PACKETS] = { sequenceNumber, index, timestamp, marker, payload, bytesUntil: this.#bytes, resentMs: -Infinity };
    this.#transmit(this.#header, { sequenceNumber, timestamp, marker, payload });
  }

  /** Payload bytes sent up to the end of a packet; undefined when that is too long ago. */
  bytesUntil(sequenceNumber: number): number | undefined {
    const packet = this.#history[sequenceNumber % HISTORY_PACKETS];
    return packet?.sequenceNumber === sequenceNumber ? packet.bytesUntil : undefined;
  }

  /** Says that nothing sent before is needed any more, because a key frame follows: it is not sent again. */
  startAnew(): void {
    this.#firstNeeded = this.#packets;
  }

  /**
   * Sends lost packets again, at most 64 in 50 ms, each at most once per `notBeforeMs` milliseconds (a round trip) and 50 ms;
   * returns how many of them were missed for the first time.
   */
  resend(lost: readonly number[], notBeforeMs: number): number {
    const nowMs = performance.now();
    const gapMs = Math.max(LEAST_RESEND_GAP_MS, notBeforeMs);
    if (nowMs - this.#allowanceMs >= LEAST_RESEND_GAP_MS) {
      this.#allowanceMs = nowMs;
      this.#mostResent = this.#resent + MOST_RESENT;
    }
    let missed = 0;
    for (const sequenceNumber of lost) {
      const packet = this.#history[sequenceNumber % HISTORY_PACKETS];
      if (packet?.sequenceNumber !== sequenceNumber || nowMs - packet.resentMs < gapMs) {
        continue;
      }
      if (this.#resent === this.#mostResent) {
        break;
      }
      missed += packet.resentMs === -Infinity ? 1 : 0;
      packet.resentMs = nowMs;
      if (packet.index < this.#firstNeeded) {
        continue;
      }
      this.#resent += 1;
      if (this.#resendHeader === undefined) {
        this.#transmit(this.#header, packet);
        continue;
      }
      // RFC 4588: the original sequence number goes in front of the payload.
      const payload = Buffer.allocUnsafe(packet.payload.length + 2);
      payload.writeUInt16BE(sequenceNumber, 0);
      packet.payload.copy(payload, 2);
      this.#transmit(this.#resendHeader, { ...packet, payload, sequenceNumber: this.#resendSequenceNumber });
      this.#resendSequenceNumber = (this.#resendSequenceNumber + 1) & 0xffff;
    }
    return missed;
  }

  /** Sends the report that ties this stream's RTP time to the wall clock; both streams get the same pair of times. */
  async sendReport(mediaUs: number, unixMs: number): Promise<void> {
    await this.#options.transport.sendRtcp(this.#report(mediaUs, unixMs));
  }

  #report(mediaUs: number, unixMs: number): RtcpPacket[] {
    const { ssrc, cname } = this.#options;
    return [
      new RtcpSrPacket({
        ssrc,
        senderInfo: new RtcpSenderInfo({
          ntpTimestamp: ntpTimestamp(unixMs), rtpTimestamp: this.timestampOf(mediaUs),
          packetCount: this.#packets % 2 ** 32, octetCount: this.#bytes % 2 ** 32,
        }),
      }),
      new RtcpSourceDescriptionPacket({
        chunks: [new SourceDescriptionChunk({ source: ssrc, items: [new SourceDescriptionItem({ type: 1, text: cname })] })],
      }),
    ];
  }

  #transmit(header: OutgoingHeader, packet: { sequenceNumber: number; timestamp: number; marker: boolean; payload: Buffer }): void {
    // One header serves all packets: sendRtp has written and encrypted it before it returns.
    header.sequenceNumber = packet.sequenceNumber;
    header.timestamp = packet.timestamp;
    header.marker = packet.marker;
    header.transportNumber = this.#options.meter?.sending(packet.payload.length, performance.now()) ?? 0;
    // Never rejects: a packet that cannot be sent is a lost packet.
    void this.#options.transport.sendRtp(packet.payload, header);
  }
}
