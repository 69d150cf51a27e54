import { RtpHeader } from 'werift';
import { absoluteSendTime } from './ntp-time.ts';

/** Numbers of the header extensions both sides agreed on. */
export interface HeaderExtensionIds {
  /** The number of urn:ietf:params:rtp-hdrext:sdes:mid. */
  readonly mid?: number | undefined;
  /** The number of abs-send-time. */
  readonly absoluteSendTime?: number | undefined;
}

/** Most bytes of a header extension in the one-byte form (RFC 8285). */
const MOST_ELEMENT_BYTES = 16;

/**
 * The RTP header of one outgoing stream, made once and changed from packet to packet: werift's own costs more
 * than encrypting the packet does.
 */
export class OutgoingHeader extends RtpHeader {
  readonly #template: Buffer;
  readonly #sendTimeOffset: number;

  constructor(stream: { ssrc: number; payloadType: number; mid: string; extensions: HeaderExtensionIds }) {
    super({ ssrc: stream.ssrc, payloadType: stream.payloadType });
    const elements: Buffer[] = [];
    const { mid, absoluteSendTime: sendTime } = stream.extensions;
    // A name too long for the element is left out: the viewer then goes by SSRC and payload type.
    if (mid !== undefined && stream.mid !== '' && stream.mid.length <= MOST_ELEMENT_BYTES) {
      elements.push(oneByteElement(mid, Buffer.from(stream.mid)));
    }
    const before = elements.reduce((sum, element) => sum + element.length, 0);
    if (sendTime !== undefined) {
      elements.push(oneByteElement(sendTime, Buffer.alloc(3)));
    }
    const body = Buffer.concat(elements);
    const words = Math.ceil(body.length / 4);
    this.#template = Buffer.alloc(words === 0 ? 12 : 16 + words * 4);
    this.#template[0] = words === 0 ? 0x80 : 0x90;
    this.#template.writeUInt32BE(stream.ssrc, 8);
    if (words > 0) {
      this.#template.writeUInt16BE(0xbede, 12);
      this.#template.writeUInt16BE(words, 14);
      body.copy(this.#template, 16);
    }
    this.#sendTimeOffset = sendTime === undefined ? -1 : 16 + before + 1;
  }

  override get serializeSize(): number {
    return this.#template.length;
  }

  /** Writes the header as it is now, stamped with the time of sending. */
  override serialize(): Buffer<ArrayBuffer> {
    const bytes = Buffer.allocUnsafe(this.#template.length);
    this.#template.copy(bytes);
    bytes[1] = (this.marker ? 0x80 : 0) | this.payloadType;
    bytes.writeUInt16BE(this.sequenceNumber, 2);
    bytes.writeUInt32BE(this.timestamp, 4);
    if (this.#sendTimeOffset !== -1) {
      bytes.writeUIntBE(absoluteSendTime(Date.now()), this.#sendTimeOffset, 3);
    }
    return bytes;
  }
}

function oneByteElement(id: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(id << 4) | (payload.length - 1)]), payload]);
}
