import { ByteReader } from './byte-reader.ts';

/** A name from a Python module that the pickle may use. It is an inert marker: nothing of Python exists here. */
export class PickleGlobal {
  /** Module and name with a dot between, for example `collections.OrderedDict`. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Base of what the allowed names build. */
export abstract class PickledObject {
  /** What it is, for messages. */
  abstract readonly kind: string;
}

/** What a pickle can hold here: plain values, lists and tuples as arrays, dictionaries as maps, and what the allowed names build. */
export type Pickled = null | boolean | number | bigint | string | Buffer | Pickled[] | Map<Pickled, Pickled> | PickleGlobal | PickledObject;

/** The only things a pickle may name, call or point to. */
export interface PickleAbilities {
  /** Names that may be mentioned. Every other name ends the reading. */
  readonly globals: ReadonlySet<string>;
  /** Builders of the names that may be called, by name. */
  readonly builders: ReadonlyMap<string, (args: readonly Pickled[]) => Pickled>;
  /** Resolves a reference to data outside the pickle. */
  readonly persistent: (id: Pickled) => Pickled;
}

/** A pickle asked for something that is not allowed, or is broken. */
export class PickleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PickleError';
  }
}

const MARK = Symbol('mark');
type StackItem = Pickled | typeof MARK;

/** Highest protocol of the pickle format that is read. */
const HIGHEST_PROTOCOL = 5;

/** Most instructions and values handed to builders: a hundred times what official files need, and far from filling the memory. */
const MOST_STEPS = 4_000_000;

/**
 * Reads one pickle that torch could have written: values, containers and tensors, and nothing else. The interpreter knows no
 * way to import or to call anything but the builders it is given, so a hostile pickle ends in a PickleError.
 */
export class RestrictedUnpickler {
  readonly #reader: ByteReader;
  readonly #abilities: PickleAbilities;
  readonly #stack: StackItem[] = [];
  readonly #memo = new Map<number, Pickled>();
  #stepsTaken = 0;

  /** Starts at `position`; several pickles may follow one another. */
  constructor(bytes: Buffer, abilities: PickleAbilities, position = 0) {
    this.#reader = new ByteReader(bytes, position);
    this.#abilities = abilities;
  }

  /** Offset after what was read. */
  get position(): number {
    return this.#reader.position;
  }

  /**
   * Reads up to the pickle's end and returns its value.
   * @throws PickleError when it names what is not allowed or is no pickle.
   * @throws RangeError when the bytes end first.
   */
  read(): Pickled {
    for (;;) {
      const opcode = String.fromCharCode(this.#reader.uint8());
      if (opcode === '.') {
        return this.#pop();
      }
      const step = this.#steps[opcode];
      if (step === undefined) {
        throw new PickleError(`The pickle uses the instruction 0x${opcode.charCodeAt(0).toString(16)}, which no checkpoint needs.`);
      }
      this.#count(1);
      step();
    }
  }

  /** A few bytes can ask for the same long list a million times. */
  #count(steps: number): void {
    this.#stepsTaken += steps;
    if (this.#stepsTaken > MOST_STEPS) {
      throw new PickleError(`The pickle takes more than ${MOST_STEPS} steps, which no checkpoint needs.`);
    }
  }

  /** Instructions by their byte, as in Python's pickletools. */
  readonly #steps: Readonly<Record<string, () => void>> = {
    '\x80': () => { this.#checkProtocol(this.#reader.uint8()); },
    '\x95': () => { this.#reader.take(8); },
    'N': () => { this.#push(null); },
    '\x88': () => { this.#push(true); },
    '\x89': () => { this.#push(false); },
    'J': () => { this.#push(this.#reader.int32()); },
    'K': () => { this.#push(this.#reader.uint8()); },
    'M': () => { this.#push(this.#reader.uint16()); },
    '\x8a': () => { this.#push(integer(this.#reader.take(this.#reader.uint8()))); },
    'G': () => { this.#push(this.#reader.take(8).readDoubleBE()); },
    'X': () => { this.#push(this.#reader.take(this.#reader.uint32()).toString('utf8')); },
    '\x8c': () => { this.#push(this.#reader.take(this.#reader.uint8()).toString('utf8')); },
    'U': () => { this.#push(this.#reader.take(this.#reader.uint8()).toString('latin1')); },
    'T': () => { this.#push(this.#reader.take(this.#reader.uint32()).toString('latin1')); },
    'C': () => { this.#push(this.#reader.take(this.#reader.uint8())); },
    'B': () => { this.#push(this.#reader.take(this.#reader.uint32())); },
    '(': () => { this.#stack.push(MARK); },
    '0': () => { this.#pop(); },
    ']': () => { this.#push([]); },
    '}': () => { this.#push(new Map()); },
    ')': () => { this.#push([]); },
    't': () => { this.#push(this.#popToMark()); },
    'l': () => { this.#push(this.#popToMark()); },
    '\x85': () => { this.#push(this.#popMany(1)); },
    '\x86': () => { this.#push(this.#popMany(2)); },
    '\x87': () => { this.#push(this.#popMany(3)); },
    'a': () => { this.#append(this.#popMany(1)); },
    'e': () => { this.#append(this.#popToMark()); },
    's': () => { this.#setItems(this.#popMany(2)); },
    'u': () => { this.#setItems(this.#popToMark()); },
    'd': () => { const items = this.#popToMark(); this.#push(new Map()); this.#setItems(items); },
    'q': () => { this.#memo.set(this.#reader.uint8(), this.#top()); },
    'r': () => { this.#memo.set(this.#reader.uint32(), this.#top()); },
    '\x94': () => { this.#memo.set(this.#memo.size, this.#top()); },
    'h': () => { this.#push(this.#remembered(this.#reader.uint8())); },
    'j': () => { this.#push(this.#remembered(this.#reader.uint32())); },
    'c': () => { const module = this.#reader.line(); this.#push(this.#global(module, this.#reader.line())); },
    '\x93': () => { const [module, name] = this.#popMany(2); this.#push(this.#global(module, name)); },
    'R': () => { const [callee, args] = this.#popMany(2); this.#push(this.#build(callee, args)); },
    'b': () => { this.#pop(); this.#keepMap(); },
    'Q': () => { this.#push(this.#abilities.persistent(this.#pop())); },
  };

  #push(value: Pickled): void {
    this.#stack.push(value);
  }

  #pop(): Pickled {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) {
      throw new PickleError('The pickle takes a value that it has not made.');
    }
    return value;
  }

  #top(): Pickled {
    const value = this.#pop();
    this.#push(value);
    return value;
  }

  #popMany(count: number): Pickled[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #popToMark(): Pickled[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) {
      throw new PickleError('The pickle ends a list that it has not begun.');
    }
    const items = this.#stack.splice(at) as Pickled[];
    return items.slice(1);
  }

  #append(items: readonly Pickled[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) {
      throw new PickleError('The pickle appends to something that is no list.');
    }
    for (const item of items) {
      list.push(item);
    }
  }

  #setItems(items: readonly Pickled[]): void {
    const map = this.#top();
    if (!(map instanceof Map) || items.length % 2 !== 0) {
      throw new PickleError('The pickle sets an item of something that is no dictionary.');
    }
    for (let i = 0; i < items.length; i += 2) {
      map.set(items[i]!, items[i + 1]!);
    }
  }

  /** Attributes may be set on dictionaries only (an OrderedDict's metadata); they are dropped. */
  #keepMap(): void {
    if (!(this.#top() instanceof Map)) {
      throw new PickleError('The pickle sets the state of something that is no dictionary.');
    }
  }

  #remembered(key: number): Pickled {
    const value = this.#memo.get(key);
    if (value === undefined) {
      throw new PickleError(`The pickle recalls entry ${key}, which it has not stored.`);
    }
    return value;
  }

  #global(module: Pickled | undefined, name: Pickled | undefined): PickleGlobal {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new PickleError('The pickle asks for something that has no name.');
    }
    const full = `${module}.${name}`;
    if (!this.#abilities.globals.has(full)) {
      throw new PickleError(`The pickle asks for ${full}, which a checkpoint of tensors does not need. It was not run.`);
    }
    return new PickleGlobal(full);
  }

  #build(callee: Pickled | undefined, args: Pickled | undefined): Pickled {
    const builder = callee instanceof PickleGlobal ? this.#abilities.builders.get(callee.name) : undefined;
    if (builder === undefined || !Array.isArray(args)) {
      throw new PickleError('The pickle calls something that may not be called. It was not run.');
    }
    this.#count(args.reduce((sum: number, arg) => sum + (Array.isArray(arg) ? arg.length : 1), 0));
    return builder(args);
  }

  #checkProtocol(protocol: number): void {
    if (protocol > HIGHEST_PROTOCOL) {
      throw new PickleError(`The pickle has protocol ${protocol}; up to ${HIGHEST_PROTOCOL} are known.`);
    }
  }
}

/** Returns a little-endian two's complement integer of any length; a bigint where a number is too small. */
function integer(bytes: Buffer): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) {
    value = (value << 8n) | BigInt(byte);
  }
  value = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
