import { type ProtoPart, bytes, deferred, floatField, integerField, message, partField, stringField } from './proto-message.ts';
import { toHalfFloats } from './half-float.ts';
import { type LazyTensor, elementCount } from './lazy-tensor.ts';

/** Element types of ONNX values, as the numbers of TensorProto.DataType. */
export const ELEMENT_TYPES = Object.freeze({ float32: 1, uint8: 2, int64: 7, bool: 9, float16: 10 });

/** Element type of an ONNX value. */
export type ElementType = keyof typeof ELEMENT_TYPES;

/** A node attribute: an integer, a list of integers, a string, or a float in its own wrapper. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

/** An axis: its length, or the name of a free one. */
export type Dimension = number | string;

/** Operator set written: 20 is the first with a five-dimensional GridSample. */
export const ONNX_OPSET = 20;
const ONNX_IR_VERSION = 10;

const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_INTS = 7;

/** One node of a graph. */
export interface OnnxNode {
  readonly operator: string;
  /** An input that is left out is the empty string. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A graph input or output. */
export interface OnnxPort {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly Dimension[];
}

/** A constant: floats (written as float32 or as halves) or 64-bit integers. */
export type OnnxConstant =
  | { readonly name: string; readonly type: 'float32' | 'float16'; readonly tensor: LazyTensor }
  | { readonly name: string; readonly type: 'int64'; readonly values: readonly number[]; readonly shape: readonly number[] };

/** A whole graph. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/**
 * Returns the ONNX file of a graph, its length known at once and each constant's bytes made only when written.
 * Field numbers are those of onnx.proto.
 */
export function onnxModelFile(graph: OnnxGraph): ProtoPart {
  const graphPart = message(
    ...graph.nodes.map((node) => partField(1, nodePart(node))),
    stringField(2, graph.name),
    ...graph.constants.map((constant) => partField(5, constantPart(constant))),
    ...graph.inputs.map((port) => partField(11, portPart(port))),
    ...graph.outputs.map((port) => partField(12, portPart(port))),
  );
  const opset = message(stringField(1, ''), integerField(2, ONNX_OPSET));
  return message(integerField(1, ONNX_IR_VERSION), stringField(2, 'orator'), partField(7, graphPart), partField(8, opset));
}

function nodePart(node: OnnxNode): ProtoPart {
  return message(
    ...node.inputs.map((name) => stringField(1, name)),
    ...node.outputs.map((name) => stringField(2, name)),
    stringField(3, node.outputs[0] ?? ''),
    stringField(4, node.operator),
    ...Object.entries(node.attributes).map(([name, value]) => partField(5, attributePart(name, value))),
  );
}

function attributePart(name: string, value: OnnxAttribute): ProtoPart {
  if (typeof value === 'string') {
    return message(stringField(1, name), stringField(4, value), integerField(20, ATTRIBUTE_STRING));
  }
  if (typeof value === 'number') {
    return message(stringField(1, name), integerField(3, value), integerField(20, ATTRIBUTE_INT));
  }
  if ('float' in value) {
    return message(stringField(1, name), floatField(2, value.float), integerField(20, ATTRIBUTE_FLOAT));
  }
  return message(stringField(1, name), ...value.map((item) => integerField(8, item)), integerField(20, ATTRIBUTE_INTS));
}

function constantPart(constant: OnnxConstant): ProtoPart {
  const shape = constant.type === 'int64' ? constant.shape : constant.tensor.shape;
  return message(
    ...shape.map((size) => integerField(1, size)),
    integerField(2, ELEMENT_TYPES[constant.type]),
    stringField(8, constant.name),
    partField(9, constantBytes(constant)),
  );
}

function constantBytes(constant: OnnxConstant): ProtoPart {
  switch (constant.type) {
    case 'int64': {
      return bytes(new Uint8Array(BigInt64Array.from(constant.values, BigInt).buffer));
    }
    case 'float32': {
      const { tensor } = constant;
      return deferred(4 * elementCount(tensor.shape), () => {
        const values = tensor.read();
        return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      });
    }
    case 'float16': {
      const { tensor } = constant;
      return deferred(2 * elementCount(tensor.shape), () => new Uint8Array(toHalfFloats(tensor.read()).buffer));
    }
  }
}

function portPart(port: OnnxPort): ProtoPart {
  const shape = message(...port.dims.map((dim) => partField(1, typeof dim === 'string' ? stringField(2, dim) : integerField(1, dim))));
  const tensorType = message(integerField(1, ELEMENT_TYPES[port.type]), partField(2, shape));
  return message(stringField(1, port.name), partField(2, partField(1, tensorType)));
}
