import { type ProtoPart, bytes, integerField, message, partField, stringField } from '../src/models/proto-message.ts';

/** A node attribute: an integer, a list of integers or a string. */
export type OnnxAttribute = number | readonly number[] | string;

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
  readonly #nodes: ProtoPart[] = [];
  readonly #initializers = new Map<string, ProtoPart>();
  readonly #inputs: ProtoPart[] = [];
  readonly #outputs: ProtoPart[] = [];

  /** Adds a node with one output and returns the output's name. An input that is left out is the empty string. */
  node(operator: string, inputs: readonly string[], output: string, attributes: Record<string, OnnxAttribute> = {}): string {
    this.#nodes.push(message(
      ...inputs.map((name) => stringField(1, name)),
      stringField(2, output),
      stringField(3, output),
      stringField(4, operator),
      ...Object.entries(attributes).map(([name, value]) => partField(5, attribute(name, value))),
    ));
    return output;
  }

  /** Adds a constant, once per name, and returns its name. */
  constant(name: string, dims: readonly number[], values: Float32Array | BigInt64Array): string {
    if (!this.#initializers.has(name)) {
      this.#initializers.set(name, message(
        ...dims.map((dim) => integerField(1, dim)),
        integerField(2, values instanceof BigInt64Array ? INT64 : FLOAT),
        stringField(8, name),
        partField(9, bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))),
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
      ...this.#nodes.map((node) => partField(1, node)),
      stringField(2, name),
      ...[...this.#initializers.values()].map((tensor) => partField(5, tensor)),
      ...this.#inputs.map((info) => partField(11, info)),
      ...this.#outputs.map((info) => partField(12, info)),
    );
    const opset = message(stringField(1, ''), integerField(2, OPSET));
    return Buffer.concat([...message(integerField(1, IR_VERSION), stringField(2, 'orator'), partField(7, graph), partField(8, opset)).chunks()]);
  }
}

function attribute(name: string, value: OnnxAttribute): ProtoPart {
  if (typeof value === 'string') {
    return message(stringField(1, name), stringField(4, value), integerField(20, ATTRIBUTE_STRING));
  }
  if (typeof value === 'number') {
    return message(stringField(1, name), integerField(3, value), integerField(20, ATTRIBUTE_INT));
  }
  return message(stringField(1, name), ...value.map((item) => integerField(8, item)), integerField(20, ATTRIBUTE_INTS));
}

function valueInfo(name: string, dims: readonly number[]): ProtoPart {
  const shape = message(...dims.map((dim) => partField(1, integerField(1, dim))));
  const tensorType = message(integerField(1, FLOAT), partField(2, shape));
  return message(stringField(1, name), partField(2, partField(1, tensorType)));
}
