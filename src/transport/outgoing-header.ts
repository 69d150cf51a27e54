import { RtpHeader } from 'werift';
import { absoluteSendTime } from './ntp-time.ts';

/** Numbers of the header extensions both sides agreed on. */
export interface HeaderExtensionIds {
  /** The number of urn:ietf:params:rtp-hdrext:sdes:mid. */
  readonly mid?: number | undefined;
  /** The number of abs-send-time. */
  readonly absoluteSendTime?: number | undefined;
  /** The number of transport-wide-cc. */
  readonly transportNumber?: number | undefined;
}

/** Most bytes of a header extension in the one-byte form (RFC 8285). */
const MOST_ELEMENT_BYTES = 16;

/**
 * The RTP header of one outgoing stream, made once and changed from packet to packet: werift's own costs more
 * than encrypting the packet does.
 */
export class OutgoingHeader extends RtpHeader {
  /** Transport-wide number of the packet, where that extension was agreed on. */
  transportNumber = 0;
  readonly #template: Buffer;
  readonly #sendTimeOffset: number;
  readonly #transportNumberOffset: number;

  constructor(stream: { ssrc: number; payloadType: number; mid: string; extensions: HeaderExtensionIds }) {
    super({ ssrc: stream.ssrc, payloadType: stream.payloadType });
    const elements: Buffer[] = [];
    const { mid, absoluteSendTime: sendTime, transportNumber } = stream.extensions;
    // A name too long for the element is left out: the viewer then goes by SSRC and payload type.
    if (mid !== undefined && stream.mid !== '' && stream.mid.length <= MOST_ELEMENT_BYTES) {
      elements.push(oneByteElement(mid, Buffer.from(stream.mid)));
    }
    this.#sendTimeOffset = sendTime === undefined ? -1 : addElement(elements, sendTime, 3);
    this.#transportNumberOffset = transportNumber === undefined ? -1 : addElement(elements, transportNumber, 2);
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
    if (this.#transportNumberOffset !== -1) {
      bytes.writeUInt16BE(this.transportNumber, this.#transportNumberOffset);
    }
    return bytes;
  }
}

/** Adds room for a value that changes from packet to packet; returns where in the header it is. */
function addElement(elements: Buffer[], id: number, valueBytes: number): number {
  const before = elements.reduce((sum, element) => sum + element.length, 0);
  elements.push(oneByteElement(id, Buffer.alloc(valueBytes)));
  return 16 + before + 1;
}

function oneByteElement(id: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(id << 4) | (payload.length - 1)]), payload]);
}
