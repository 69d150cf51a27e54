/** One RTP packet of a microphone. */
export interface MicrophonePacket {
  /** The Opus packet; kept, so it must not change. */
  readonly payload: Uint8Array;
  /** RTP sequence number, 0..65535. */
  readonly sequenceNumber: number;
  /** RTP timestamp at 48 kHz, 32 bits. */
  readonly timestamp: number;
}

/** Packets that may wait, a power of two: 1.28 s of 20 ms packets. */
const CAPACITY = 64;

/** Late packets in a row after which the sender is taken to count anew. */
const LATE_RUN = 16;

/** Numbers further back than this are no late packets but a sender that counts anew. */
const FAR_BACK = 1000;

/** Returns how far one 16-bit number is ahead of another on their ring, −32768..32767. */
function distance(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}

/** Puts packets in order, drops duplicates and those that come after their turn; bounded. */
export class PacketReorder {
  readonly #slots = new Array<MicrophonePacket | undefined>(CAPACITY).fill(undefined);
  #expected: number | undefined;
  #newest = 0;
  #length = 0;
  #lateRun = 0;
  /** True until a packet was taken or given up: the first to come need not be the first that was sent. */
  #fresh = true;

  /** Packets from the one whose turn it is to the newest, those that are missing among them. */
  get span(): number {
    return this.#expected === undefined || this.#length === 0 ? 0 : ((this.#newest - this.#expected) & 0xffff) + 1;
  }

  /** Packets that wait. */
  get length(): number {
    return this.#length;
  }

  /** Takes in a packet; false when it is a duplicate or its turn is over. A jump in the numbers starts anew from it. */
  push(packet: MicrophonePacket): boolean {
    const sequenceNumber = packet.sequenceNumber & 0xffff;
    if (this.#isLate(sequenceNumber)) {
      return false;
    }
    const slot = sequenceNumber % CAPACITY;
    if (this.#slots[slot] !== undefined) {
      // Within the capacity a slot has one number: a duplicate.
      return false;
    }
    this.#slots[slot] = packet;
    if (this.#length === 0 || distance(this.#newest, sequenceNumber) > 0) {
      this.#newest = sequenceNumber;
    }
    this.#length += 1;
    return true;
  }

  /** Says whether a number's turn is over; otherwise it is within the capacity afterwards. */
  #isLate(sequenceNumber: number): boolean {
    this.#expected ??= sequenceNumber;
    const ahead = distance(this.#expected, sequenceNumber);
    if (this.#fresh && ahead < 0 && ahead > -CAPACITY && distance(sequenceNumber, this.#newest) < CAPACITY) {
      this.#expected = sequenceNumber;
      return false;
    }
    if (ahead < 0 && ahead > -FAR_BACK) {
      this.#lateRun += 1;
      if (this.#lateRun < LATE_RUN) {
        return true;
      }
    }
    if (ahead < 0 || ahead >= CAPACITY) {
      this.clear();
      this.#expected = sequenceNumber;
    }
    this.#lateRun = 0;
    return false;
  }

  /** Takes the packet whose turn it is; undefined when it is not there (yet). */
  take(): MicrophonePacket | undefined {
    if (this.#expected === undefined) {
      return undefined;
    }
    const slot = this.#expected % CAPACITY;
    const packet = this.#slots[slot];
    if (packet !== undefined) {
      this.#slots[slot] = undefined;
      this.#length -= 1;
      this.#fresh = false;
      this.#expected = (this.#expected + 1) & 0xffff;
    }
    return packet;
  }

  /** Gives up on the packets before the next one that waits; returns how many they are, and that packet's timestamp. */
  giveUp(): { lost: number; timestamp: number } | undefined {
    if (this.#expected === undefined || this.#length === 0) {
      return undefined;
    }
    this.#fresh = false;
    let lost = 0;
    for (;;) {
      const packet = this.#slots[this.#expected % CAPACITY];
      if (packet !== undefined) {
        return { lost, timestamp: packet.timestamp };
      }
      lost += 1;
      this.#expected = (this.#expected + 1) & 0xffff;
    }
  }

  /** Drops what waits and starts anew with the next packet. */
  clear(): void {
    this.#slots.fill(undefined);
    this.#length = 0;
    this.#expected = undefined;
    this.#fresh = true;
  }
}
