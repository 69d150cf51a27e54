/** Reads little-endian values from bytes, one after the other; throws RangeError where the bytes end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #position: number;

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes;
    this.#position = position;
  }

  /** Offset of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** Returns the next `length` bytes; they are a view. */
  take(length: number): Buffer {
    const end = this.#position + length;
    if (!Number.isSafeInteger(end) || length < 0 || end > this.#bytes.length) {
      throw new RangeError(`${length} bytes are wanted at ${this.#position} of ${this.#bytes.length}.`);
    }
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  /** Returns the bytes up to the next newline and steps over it. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) {
      throw new RangeError(`No line ends after ${this.#position}.`);
    }
    const text = this.take(end - this.#position).toString('utf8');
    this.#position += 1;
    return text;
  }

  uint8(): number {
    return this.take(1).readUInt8();
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  int32(): number {
    return this.take(4).readInt32LE();
  }

  /** Returns an unsigned 64-bit number; throws RangeError beyond 2⁵³. */
  uint64(): number {
    const value = this.take(8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`${value} is no size.`);
    }
    return Number(value);
  }
}
