import { Vp8RtpPayload } from 'werift';
import type { RtpPacket } from 'werift';

/** One whole video frame, given out in decoding order. */
export interface ReceivedFrame {
  /** When it could be shown: its last packet, and every frame before it, had arrived; `performance.now()`. */
  readonly atMs: number;
  /** 90 kHz. */
  readonly rtpTimestamp: number;
  /** VP8. */
  readonly data: Uint8Array;
}

/** What the assembler asks of the connection. */
export interface AssemblerHandlers {
  onFrame(frame: ReceivedFrame): void;
  /** These packets are missing: ask for them again. */
  onMissing(sequenceNumbers: readonly number[]): void;
  /** Nothing can be shown before the next key frame. */
  onStuck(): void;
}

/** Time between two requests for the same packet: about a round trip of a bad network. */
const ASK_AGAIN_MS = 60;

/** Time after which a missing packet is given up and a key frame is asked for. */
const GIVE_UP_MS = 800;

const KEY_FRAME_ASK_MS = 300;

/** Puts a VP8 stream's packets in order as a browser does: asks for lost ones, goes on from the next whole key frame, or gives up late and asks for one. */
export class FrameAssembler {
  readonly #handlers: AssemblerHandlers;
  readonly #packets = new Map<number, RtpPacket>();
  readonly #missing = new Map<number, { sinceMs: number; askedMs: number }>();
  /** The next sequence number to show; undefined until a key frame's first packet came. */
  #next: number | undefined;
  #highest: number | undefined;
  #askedKeyFrameMs = -Infinity;
  /** Packets of the stream that never came in time. */
  givenUp = 0;

  constructor(handlers: AssemblerHandlers) {
    this.#handlers = handlers;
  }

  /** Takes a packet, in any order. */
  push(packet: RtpPacket, nowMs: number): void {
    const { sequenceNumber } = packet.header;
    if (this.#next !== undefined && distance(this.#next, sequenceNumber) < 0) {
      return;
    }
    this.#packets.set(sequenceNumber, packet);
    this.#missing.delete(sequenceNumber);
    this.#noteGap(sequenceNumber, nowMs);
    if (this.#next === undefined && isKeyFrameStart(packet)) {
      this.#startAt(sequenceNumber);
    }
    this.#showAll(nowMs);
    this.#jump(sequenceNumber, nowMs);
  }

  /** Asks again for what is missing, and gives up what is too late; to be called about every 10 ms. */
  look(nowMs: number): void {
    const ask: number[] = [];
    for (const [sequenceNumber, wait] of this.#missing) {
      if (nowMs - wait.sinceMs > GIVE_UP_MS) {
        this.#giveUp(nowMs);
        return;
      }
      if (nowMs - wait.askedMs >= ASK_AGAIN_MS) {
        wait.askedMs = nowMs;
        ask.push(sequenceNumber);
      }
    }
    if (ask.length > 0) {
      this.#handlers.onMissing(ask);
    }
    if (this.#next === undefined) {
      this.#askForKeyFrame(nowMs);
    }
  }

  #noteGap(sequenceNumber: number, nowMs: number): void {
    const highest = this.#highest ?? sequenceNumber;
    const ahead = distance(highest, sequenceNumber);
    if (ahead <= 0 && this.#highest !== undefined) {
      return;
    }
    for (let step = 1; step < ahead; step++) {
      this.#missing.set((highest + step) & 0xffff, { sinceMs: nowMs, askedMs: -Infinity });
    }
    this.#highest = sequenceNumber;
  }

  #startAt(sequenceNumber: number): void {
    this.#next = sequenceNumber;
    for (const known of [...this.#packets.keys()].filter((one) => distance(sequenceNumber, one) < 0)) {
      this.#packets.delete(known);
    }
    for (const known of [...this.#missing.keys()].filter((one) => distance(sequenceNumber, one) < 0)) {
      this.#missing.delete(known);
    }
  }

  #showAll(nowMs: number): void {
    for (let frame = this.#takeFrame(); frame !== undefined; frame = this.#takeFrame()) {
      this.#handlers.onFrame({ atMs: nowMs, ...frame });
    }
  }

  /** A key frame that is whole is shown at once, whatever is missing before it. */
  #jump(sequenceNumber: number, nowMs: number): void {
    let start = sequenceNumber;
    for (let packet = this.#packets.get(start); packet !== undefined && !isKeyFrameStart(packet); packet = this.#packets.get(start)) {
      const before = (start - 1) & 0xffff;
      if (this.#packets.get(before)?.header.timestamp !== packet.header.timestamp) {
        return;
      }
      start = before;
    }
    if (this.#packets.has(start) && start !== this.#next && this.#isWhole(start)) {
      this.#startAt(start);
      this.#showAll(nowMs);
    }
  }

  #isWhole(start: number): boolean {
    let packet = this.#packets.get(start);
    for (let at = start; packet !== undefined && !packet.header.marker; packet = this.#packets.get(at)) {
      at = (at + 1) & 0xffff;
    }
    return packet !== undefined;
  }

  /** The frame that starts at `#next`, when all of it is there. */
  #takeFrame(): { rtpTimestamp: number; data: Uint8Array } | undefined {
    if (this.#next === undefined) {
      return undefined;
    }
    const parts: Uint8Array[] = [];
    for (let at = this.#next; ; at = (at + 1) & 0xffff) {
      const packet = this.#packets.get(at);
      if (packet === undefined) {
        return undefined;
      }
      parts.push(Vp8RtpPayload.deSerialize(packet.payload).payload);
      if (packet.header.marker) {
        for (let used = this.#next; used !== ((at + 1) & 0xffff); used = (used + 1) & 0xffff) {
          this.#packets.delete(used);
        }
        this.#next = (at + 1) & 0xffff;
        return { rtpTimestamp: packet.header.timestamp, data: Buffer.concat(parts) };
      }
    }
  }

  #giveUp(nowMs: number): void {
    this.givenUp += this.#missing.size;
    this.#missing.clear();
    this.#packets.clear();
    this.#next = undefined;
    this.#askForKeyFrame(nowMs);
  }

  #askForKeyFrame(nowMs: number): void {
    if (nowMs - this.#askedKeyFrameMs >= KEY_FRAME_ASK_MS) {
      this.#askedKeyFrameMs = nowMs;
      this.#handlers.onStuck();
    }
  }
}

/** Signed distance of two 16-bit sequence numbers. */
function distance(from: number, to: number): number {
  return (((to - from) & 0xffff) << 16) >> 16;
}

/** True for the packet a VP8 key frame begins with (RFC 7741: S bit, partition 0, inverse key frame bit 0). */
function isKeyFrameStart(packet: RtpPacket): boolean {
  const { payload, sBit, pid } = readDescriptor(packet.payload);
  return sBit && pid === 0 && payload !== undefined && (payload & 1) === 0;
}

function readDescriptor(bytes: Buffer): { sBit: boolean; pid: number; payload: number | undefined } {
  const first = bytes[0] ?? 0;
  let at = 1;
  if ((first & 0x80) !== 0) {
    const extension = bytes[at] ?? 0;
    at += 1;
    if ((extension & 0x80) !== 0) {
      at += ((bytes[at] ?? 0) & 0x80) === 0 ? 1 : 2;
    }
    at += (extension & 0x40) === 0 ? 0 : 1;
    at += (extension & 0x30) === 0 ? 0 : 1;
  }
  return { sBit: (first & 0x10) !== 0, pid: first & 0x07, payload: bytes[at] };
}
