/** Ticks of arrival times in a millisecond, and milliseconds of the reference time's unit. */
const TICKS_PER_MS = 4;
const REFERENCE_MS = 64;

/** How long arrivals are remembered, so that a late packet is told of together with those after it, in milliseconds. */
const MEMORY_MS = 500;

/** Packets of one message at most; the rest comes in the next. */
const MOST_PACKETS = 500;

/** Symbols of two bits in one status chunk. */
const SYMBOLS = 7;

const NOT_RECEIVED = 0;
const SMALL_DELTA = 1;
const LARGE_DELTA = 2;

/**
 * Tells when packets arrived as Chromium does (transport-cc): every packet since the message before, lost ones too, and again
 * those that came after a late one. (werift's own feedback names no losses and starts each message at the time of the one before.)
 */
export class ArrivalFeedback {
  readonly #arrivedMs = new Map<number, number>();
  /** Transport-wide numbers, unwrapped: the first not told of, and the highest that arrived. */
  #next: number | undefined;
  #highest: number | undefined;
  #messages = 0;

  /** Takes note of a packet by its transport-wide number. */
  arrived(transportNumber: number, atMs: number): void {
    const highest = this.#highest ?? transportNumber;
    const number = highest + ((((transportNumber - highest) & 0xffff) << 16) >> 16);
    this.#arrivedMs.set(number, atMs);
    this.#next = Math.min(this.#next ?? number, number);
    this.#highest = Math.max(highest, number);
  }

  /** Returns the next RTCP message; undefined when nothing new arrived. */
  message(): Buffer | undefined {
    const first = this.#next;
    const highest = this.#highest;
    if (first === undefined || highest === undefined || first > highest) {
      return undefined;
    }
    const last = Math.min(highest, first + MOST_PACKETS - 1);
    const told = Array.from({ length: last - first + 1 }, (_, index) => this.#arrivedMs.get(first + index));
    const reference = Math.floor((told.find((ms) => ms !== undefined) ?? 0) / REFERENCE_MS);
    const message = writeMessage({ first, told, reference, count: this.#messages++ });
    this.#next = last + 1;
    this.#forget((this.#arrivedMs.get(highest) ?? 0) - MEMORY_MS);
    return message;
  }

  #forget(oldestMs: number): void {
    for (const [number, atMs] of this.#arrivedMs) {
      if (atMs < oldestMs && number < (this.#next ?? 0)) {
        this.#arrivedMs.delete(number);
      }
    }
  }
}

function writeMessage({ first, told, reference, count }: { first: number; told: readonly (number | undefined)[]; reference: number; count: number }): Buffer {
  let beforeTicks = reference * REFERENCE_MS * TICKS_PER_MS;
  const deltas = told.map((ms) => {
    const ticks = ms === undefined ? beforeTicks : Math.round(ms * TICKS_PER_MS);
    const delta = ticks - beforeTicks;
    beforeTicks = ticks;
    return ms === undefined ? undefined : delta;
  });
  const symbols = deltas.map((delta) => (delta === undefined ? NOT_RECEIVED : delta >= 0 && delta <= 255 ? SMALL_DELTA : LARGE_DELTA));
  const chunks = Math.ceil(symbols.length / SYMBOLS);
  const bytes = 20 + chunks * 2 + symbols.reduce((sum: number, symbol) => sum + symbol, 0);
  const message = Buffer.alloc(Math.ceil(bytes / 4) * 4);
  message.set([0x8f, 205]);
  message.writeUInt16BE(message.length / 4 - 1, 2);
  message.writeUInt16BE(first & 0xffff, 12);
  message.writeUInt16BE(told.length, 14);
  message.writeUIntBE(reference & 0xff_ffff, 16, 3);
  message[19] = count & 0xff;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const bits = symbols.slice(chunk * SYMBOLS, (chunk + 1) * SYMBOLS).reduce((word: number, symbol, index) => word | (symbol << (12 - 2 * index)), 0xc000);
    message.writeUInt16BE(bits, 20 + chunk * 2);
  }
  let at = 20 + chunks * 2;
  for (const [index, symbol] of symbols.entries()) {
    at = symbol === SMALL_DELTA ? message.writeUInt8(deltas[index]!, at) : symbol === LARGE_DELTA ? message.writeInt16BE(deltas[index]!, at) : at;
  }
  return message;
}
