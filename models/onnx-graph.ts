/** A node attribute: an integer, a list of integers or a string. */
export type OnnxAttribute = number | readonly number[] | string;

/** Wire types of protocol buffers. */
const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** Element types of ONNX's TensorProto. */
const FLOAT = 1;
const INT64 = 7;

/** Attribute types of ONNX's AttributeProto. */
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_INTS = 7;

/** Format and operator set written. */
const IR_VERSION = 8;
const OPSET = 13;

/** Builds an ONNX model and writes it; field numbers are those of onnx.proto. */
export class OnnxGraph {
  readonly #nodes: Buffer[] = [];
  readonly #initializers = new Map<string, Buffer>();
  readonly #inputs: Buffer[] = [];
  readonly #outputs: Buffer[] = [];

  /** Adds a node with one output and returns the output's name. An input that is left out is the empty string. */
  node(operator: string, inputs: readonly string[], output: string, attributes: Record<string, OnnxAttribute> = {}): string {
    this.#nodes.push(message(
      ...inputs.map((name) => bytesField(1, name)),
      bytesField(2, output),
      bytesField(3, output),
      bytesField(4, operator),
      ...Object.entries(attributes).map(([name, value]) => bytesField(5, attribute(name, value))),
    ));
    return output;
  }

  /** Adds a constant, once per name, and returns its name. */
  constant(name: string, dims: readonly number[], values: Float32Array | BigInt64Array): string {
    if (!this.#initializers.has(name)) {
      this.#initializers.set(name, message(
        ...dims.map((dim) => integerField(1, dim)),
        integerField(2, values instanceof BigInt64Array ? INT64 : FLOAT),
        bytesField(8, name),
        bytesField(9, Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
      ));
    }
    return name;
  }

  /** Adds a constant list of integers, named by its values, and returns its name. */
  integers(values: readonly number[]): string {
    return this.constant(`integers ${values.join(' ')}`, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** Declares a float32 input. */
  input(name: string, dims: readonly number[]): void {
    this.#inputs.push(valueInfo(name, dims));
  }

  /** Declares a float32 output. */
  output(name: string, dims: readonly number[]): void {
    this.#outputs.push(valueInfo(name, dims));
  }

  /** Returns the model file. */
  toBytes(name: string): Buffer {
    const graph = message(
      ...this.#nodes.map((node) => bytesField(1, node)),
      bytesField(2, name),
      ...[...this.#initializers.values()].map((tensor) => bytesField(5, tensor)),
      ...this.#inputs.map((info) => bytesField(11, info)),
      ...this.#outputs.map((info) => bytesField(12, info)),
    );
    const opset = message(bytesField(1, ''), integerField(2, OPSET));
    return message(integerField(1, IR_VERSION), bytesField(2, 'orator'), bytesField(7, graph), bytesField(8, opset));
  }
}

function attribute(name: string, value: OnnxAttribute): Buffer {
  if (typeof value === 'string') {
    return message(bytesField(1, name), bytesField(4, value), integerField(20, ATTRIBUTE_STRING));
  }
  if (typeof value === 'number') {
    return message(bytesField(1, name), integerField(3, value), integerField(20, ATTRIBUTE_INT));
  }
  return message(bytesField(1, name), ...value.map((item) => integerField(8, item)), integerField(20, ATTRIBUTE_INTS));
}

function valueInfo(name: string, dims: readonly number[]): Buffer {
  const shape = message(...dims.map((dim) => bytesField(1, integerField(1, dim))));
  const tensorType = message(integerField(1, FLOAT), bytesField(2, shape));
  return message(bytesField(1, name), bytesField(2, bytesField(1, tensorType)));
}

function message(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

function integerField(field: number, value: number): Buffer {
  return Buffer.concat([varint(BigInt((field << 3) | VARINT)), varint(BigInt.asUintN(64, BigInt(value)))]);
}

function bytesField(field: number, value: Buffer | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint(BigInt((field << 3) | LENGTH_DELIMITED)), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}
