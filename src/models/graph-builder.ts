import type { Dimension, ElementType, OnnxAttribute, OnnxConstant, OnnxGraph, OnnxNode, OnnxPort } from './onnx-model-file.ts';
import { ELEMENT_TYPES } from './onnx-model-file.ts';
import { type LazyTensor, known } from './lazy-tensor.ts';

/** Arithmetic of a graph. Its inputs and outputs are float32 either way. */
export type Precision = 'fp32' | 'fp16';

/** A value inside a graph under construction. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
}

/** Builds one ONNX graph; the layers in `graph-layers.ts` and the networks write into it. */
export class GraphBuilder {
  readonly name: string;
  /** Element type of weights and activations. */
  readonly workingType: 'float32' | 'float16';
  readonly #nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, OnnxConstant>();
  readonly #inputs: OnnxPort[] = [];
  readonly #outputs: OnnxPort[] = [];

  constructor(name: string, precision: Precision) {
    this.name = name;
    this.workingType = precision === 'fp16' ? 'float16' : 'float32';
  }

  /** Declares a float32 input. */
  input(name: string, dims: readonly Dimension[]): Value {
    this.#inputs.push({ name, type: 'float32', dims });
    return { name, type: 'float32' };
  }

  /** Declares an int64 input. */
  integerInput(name: string, dims: readonly Dimension[]): Value {
    this.#inputs.push({ name, type: 'int64', dims });
    return { name, type: 'int64' };
  }

  /** Declares a float32 output, cast from the value where needed. */
  output(name: string, value: Value, dims: readonly Dimension[]): void {
    this.#addOutput({ name, type: 'float32', dims }, value);
  }

  /** Declares a uint8 output of a value that is whole numbers in 0..255. */
  byteOutput(name: string, value: Value, dims: readonly Dimension[]): void {
    this.#addOutput({ name, type: 'uint8', dims }, value);
  }

  #addOutput(port: OnnxPort, value: Value): void {
    this.#nodes.push({ operator: 'Cast', inputs: [value.name], outputs: [port.name], attributes: { to: ELEMENT_TYPES[port.type] } });
    this.#outputs.push(port);
  }

  /** Adds a node with one output, of the first input's type unless said otherwise. */
  node(operator: string, inputs: readonly Value[], attributes: Readonly<Record<string, OnnxAttribute>> = {}, type?: ElementType): Value {
    return this.nodes(operator, inputs, { count: 1, attributes, ...(type === undefined ? {} : { type }) })[0]!;
  }

  /** Adds a node with several outputs. */
  nodes(operator: string, inputs: readonly Value[], form: { count: number; attributes?: Readonly<Record<string, OnnxAttribute>>; type?: ElementType }): Value[] {
    const base = `${operator.toLowerCase()}_${this.#nodes.length}`;
    const outputs = Array.from({ length: form.count }, (_, i) => (form.count === 1 ? base : `${base}.${i}`));
    this.#nodes.push({ operator, inputs: inputs.map(({ name }) => name), outputs, attributes: form.attributes ?? {} });
    const type = form.type ?? inputs[0]?.type ?? this.workingType;
    return outputs.map((name) => ({ name, type }));
  }

  /** Adds a constant of floats in the given type, the working type by default. */
  constant(tensor: LazyTensor, type: 'float32' | 'float16' = this.workingType): Value {
    const name = `constant_${this.#constants.size}`;
    this.#constants.set(name, { name, type, tensor });
    return { name, type };
  }

  /** Adds a constant that several nodes want, once per name. */
  shared(name: string, make: () => LazyTensor): Value {
    if (!this.#constants.has(name)) {
      this.#constants.set(name, { name, type: this.workingType, tensor: make() });
    }
    return { name, type: this.workingType };
  }

  /** Adds a single number in the type of the value it meets; equal numbers are kept once. */
  number(value: number, like: Value): Value {
    const type = like.type === 'float16' ? 'float16' : 'float32';
    const name = `number ${value} ${type}`;
    if (!this.#constants.has(name)) {
      this.#constants.set(name, { name, type, tensor: known([], [value]) });
    }
    return { name, type };
  }

  /** Adds a list of integers; equal lists are kept once. */
  integers(values: readonly number[]): Value {
    const name = `integers ${values.join(' ')}`;
    if (!this.#constants.has(name)) {
      this.#constants.set(name, { name, type: 'int64', values, shape: [values.length] });
    }
    return { name, type: 'int64' };
  }

  /** Returns the finished graph. */
  finish(): OnnxGraph {
    return { name: this.name, nodes: this.#nodes, constants: [...this.#constants.values()], inputs: this.#inputs, outputs: this.#outputs };
  }
}
