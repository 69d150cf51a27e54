/** A piece of a protocol-buffer message whose length is known before its bytes are made. */
export interface ProtoPart {
  readonly byteLength: number;
  /** Yields the bytes in order; large ones are made only when their turn comes. */
  chunks(): Iterable<Uint8Array>;
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const encoder = new TextEncoder();

/** Returns bytes as a part. */
export function bytes(value: Uint8Array): ProtoPart {
  return { byteLength: value.byteLength, chunks: () => [value] };
}

/** Returns a part of known length whose bytes `make` returns when they are written. */
export function deferred(byteLength: number, make: () => Uint8Array): ProtoPart {
  return {
    byteLength,
    *chunks() {
      const made = make();
      if (made.byteLength !== byteLength) {
        throw new TypeError(`${byteLength} bytes were announced and ${made.byteLength} made.`);
      }
      yield made;
    },
  };
}

/** Returns a message: its fields one after the other. */
export function message(...fields: readonly ProtoPart[]): ProtoPart {
  return {
    byteLength: fields.reduce((sum, field) => sum + field.byteLength, 0),
    *chunks() {
      for (const field of fields) {
        yield* field.chunks();
      }
    },
  };
}

/** Returns an integer field; negative numbers take ten bytes, as the format wants. */
export function integerField(field: number, value: number): ProtoPart {
  return bytes(Uint8Array.of(...varint(field * 8 + VARINT), ...varint(value)));
}

/** Returns a float32 field. */
export function floatField(field: number, value: number): ProtoPart {
  const raw = new Uint8Array(Float32Array.of(value).buffer);
  return bytes(Uint8Array.of(...varint(field * 8 + FIXED_32), ...raw));
}

/** Returns a UTF-8 string field. */
export function stringField(field: number, value: string): ProtoPart {
  return partField(field, bytes(encoder.encode(value)));
}

/** Returns a field that holds bytes or another message. */
export function partField(field: number, part: ProtoPart): ProtoPart {
  return message(bytes(Uint8Array.of(...varint(field * 8 + LENGTH_DELIMITED), ...varint(part.byteLength))), part);
}

function varint(value: number): number[] {
  const result: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    result.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  result.push(Number(rest));
  return result;
}
