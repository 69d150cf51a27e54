/** RTCP transport-layer feedback, and the kind of it that tells when packets arrived. */
const TRANSPORT_LAYER_FEEDBACK = 205;
const TRANSPORT_WIDE = 15;

/** Bytes of an RTCP header, and of all before the first status chunk. */
const RTCP_HEADER_BYTES = 4;
const FEEDBACK_HEADER_BYTES = 20;

/** Most packets that one feedback may tell of; browsers tell of a quarter of a second. */
export const MOST_STATUSES = 1024;

/** Ticks of arrival times: 250 µs. */
export const ARRIVAL_TICK_MS = 0.25;

/** Ticks of a reference time's unit, 64 ms. */
const TICKS_PER_REFERENCE = 256;

const SMALL_DELTA = 1;
const LARGE_DELTA = 2;

/**
 * When packets arrived at the viewer, as it tells in RTCP (draft-holmer-rmcat-transport-wide-cc-extensions-01, 3.1). One object
 * reads one feedback after the other and allocates nothing; it comes from the network, so nothing in it is believed before it
 * is counted.
 */
export class TransportFeedback {
  /** Transport-wide number of the first packet told of. */
  firstNumber = 0;
  /** Packets told of. */
  count = 0;
  /** When each arrived, on the viewer's clock, in ticks modulo 2³², and its status. */
  readonly #ticks = new Int32Array(MOST_STATUSES);
  readonly #statuses = new Uint8Array(MOST_STATUSES);

  /** Whether packet `index` (0 to `count` − 1) arrived, and its time is told. */
  arrived(index: number): boolean {
    return this.#statuses[index] === SMALL_DELTA || this.#statuses[index] === LARGE_DELTA;
  }

  /** When packet `index` arrived, on the viewer's clock, in ticks modulo 2³² as a signed number; only where it did. */
  arrivalTicks(index: number): number {
    return this.#ticks[index]!;
  }

  /** Reads one RTCP packet of this kind, header included; false, and nothing told of, for what is none. */
  read(packet: Uint8Array): boolean {
    this.count = 0;
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    if (view.byteLength < FEEDBACK_HEADER_BYTES) {
      return false;
    }
    const count = view.getUint16(14);
    const deltasAt = count > MOST_STATUSES ? undefined : this.#readStatuses(view, count);
    if (deltasAt === undefined || !this.#readTimes(view, deltasAt, count)) {
      return false;
    }
    this.firstNumber = view.getUint16(12);
    this.count = count;
    return true;
  }

  /** Returns where the times begin; undefined when the packet ends before. */
  #readStatuses(view: DataView, count: number): number | undefined {
    let at = FEEDBACK_HEADER_BYTES;
    for (let told = 0; told < count; at += 2) {
      if (at + 2 > view.byteLength) {
        return undefined;
      }
      const chunk = view.getUint16(at);
      const run = chunk < 0x8000;
      const bits = (chunk & 0x4000) === 0 ? 1 : 2;
      const length = run ? chunk & 0x1fff : 14 / bits;
      for (let index = 0; index < length && told < count; index++, told++) {
        this.#statuses[told] = run ? (chunk >> 13) & 3 : (chunk >> (14 - bits * (index + 1))) & (bits === 1 ? 1 : 3);
      }
    }
    return at;
  }

  #readTimes(view: DataView, deltasAt: number, count: number): boolean {
    // 24 bits of reference times 256 ticks are 32 bits: both wrap together.
    let ticks = Math.imul((view.getUint16(16) << 8) | view.getUint8(18), TICKS_PER_REFERENCE);
    let at = deltasAt;
    for (let index = 0; index < count; index++) {
      const bytes = this.arrived(index) ? this.#statuses[index]! : 0;
      if (at + bytes > view.byteLength) {
        return false;
      }
      if (bytes > 0) {
        ticks = (ticks + (bytes === SMALL_DELTA ? view.getUint8(at) : view.getInt16(at))) | 0;
        this.#ticks[index] = ticks;
        at += bytes;
      }
    }
    return true;
  }
}

/**
 * Takes every transport-wide feedback out of a compound of RTCP packets, and returns the rest: the same buffer where there is
 * none, and where the compound is malformed from there on.
 */
export function takeTransportFeedback(compound: Buffer, take: (packet: Buffer) => void): Buffer {
  let rest: Buffer[] | undefined;
  let keptFrom = 0;
  for (let at = 0; at + RTCP_HEADER_BYTES <= compound.length;) {
    const end = at + RTCP_HEADER_BYTES + compound.readUInt16BE(at + 2) * 4;
    if (end > compound.length) {
      break;
    }
    if (compound[at + 1] === TRANSPORT_LAYER_FEEDBACK && (compound[at]! & 0x1f) === TRANSPORT_WIDE) {
      rest ??= [];
      rest.push(compound.subarray(keptFrom, at));
      keptFrom = end;
      take(compound.subarray(at, end));
    }
    at = end;
  }
  return rest === undefined ? compound : Buffer.concat([...rest, compound.subarray(keptFrom)]);
}
