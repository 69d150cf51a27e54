import { OnnxGraph } from './onnx-graph.ts';
import type { OnnxAttribute } from './onnx-graph.ts';
import { integersOf, shapeOf, textOf, textsOf } from './tfjs-graph.ts';
import type { GraphNode, TfjsGraph, Weight } from './tfjs-graph.ts';

/** Axes of an activation: TensorFlow's N H W C in ONNX's order N C H W, and back. */
const TO_CHANNELS_FIRST = [0, 3, 1, 2] as const;
const TO_CHANNELS_LAST = [0, 2, 3, 1] as const;

/** Element-wise operations and their ONNX names. */
const ELEMENT_WISE: Readonly<Record<string, string>> = {
  Add: 'Add', AddV2: 'Add', AddN: 'Sum', Mul: 'Mul', Relu: 'Relu', Relu6: 'Clip', Sigmoid: 'Sigmoid',
};

/**
 * Converts a graph model into ONNX bytes. Inputs and outputs keep their TensorFlow layout (N H W C) and get the given names.
 * Inside, activations of rank four are N C H W.
 * @throws TypeError when the graph has an operation that is not known here.
 */
export function tfjsToOnnx(graph: TfjsGraph, names: { readonly title: string; readonly input: string; readonly outputs: Readonly<Record<string, string>> }): Buffer {
  const converter = new Converter(graph, names.input);
  for (const node of graph.nodes) {
    converter.add(node);
  }
  for (const [node, shape] of graph.outputs) {
    const name = names.outputs[node];
    if (name === undefined) {
      throw new TypeError(`The graph has an output ${node}, which was given no name.`);
    }
    converter.output(node, name, shape);
  }
  return converter.onnx.toBytes(names.title);
}

class Converter {
  readonly onnx = new OnnxGraph();
  readonly #weights: Map<string, Weight>;
  readonly #inputName: string;
  /** Activations that are N C H W. */
  readonly #channelsFirst = new Set<string>();

  readonly #conversions: Readonly<Record<string, (node: GraphNode) => void>>;

  constructor(graph: TfjsGraph, inputName: string) {
    this.#weights = new Map(graph.weights);
    this.#inputName = inputName;
    const convolution = (node: GraphNode): void => { this.#convolution(node); };
    const pool = (node: GraphNode): void => { this.#pool(node); };
    const elementWise = (node: GraphNode): void => { this.#elementWise(node); };
    this.#conversions = {
      Const: () => undefined,
      Placeholder: (node) => { this.#placeholder(node); },
      Identity: (node) => { this.#identity(node); },
      Conv2D: convolution, _FusedConv2D: convolution, DepthwiseConv2dNative: convolution,
      Conv2DBackpropInput: (node) => { this.#transposedConvolution(node); },
      Prelu: (node) => { this.#prelu(node); },
      MaxPool: pool, AvgPool: pool,
      Pad: (node) => { this.#pad(node); },
      Reshape: (node) => { this.#reshape(node); },
      ConcatV2: (node) => { this.#concat(node); },
      ResizeBilinear: (node) => { this.#resize(node); },
      ...Object.fromEntries(Object.keys(ELEMENT_WISE).map((op) => [op, elementWise])),
    };
  }

  add(node: GraphNode): void {
    const convert = this.#conversions[node.op];
    if (convert === undefined) {
      throw new TypeError(`${node.name}: the operation ${node.op} is not known.`);
    }
    convert(node);
  }

  output(node: string, name: string, shape: readonly number[]): void {
    this.onnx.node('Identity', [this.#lastChannels(node)], name);
    this.onnx.output(name, shape);
  }

  #placeholder(node: GraphNode): void {
    this.onnx.input(this.#inputName, shapeOf(node.attributes['shape']?.shape));
    this.onnx.node('Identity', [this.#inputName], node.name);
  }

  #identity(node: GraphNode): void {
    const source = inputOf(node, 0);
    const weight = this.#weights.get(source);
    if (weight !== undefined) {
      this.#weights.set(node.name, weight);
      return;
    }
    this.onnx.node('Identity', [source], node.name);
    if (this.#channelsFirst.has(source)) {
      this.#channelsFirst.add(node.name);
    }
  }

  #convolution(node: GraphNode): void {
    const weight = this.#weight(node, 1);
    const [height, width, inputs, outputs] = weight.shape as [number, number, number, number];
    const depthwise = node.op === 'DepthwiseConv2dNative';
    const kernel = permute(weight, depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]);
    const shape = depthwise ? [inputs * outputs, 1, height, width] : kernel.shape;
    const fused = textsOf(node.attributes['fused_ops']);
    const parts = [this.#firstChannels(inputOf(node, 0)), this.onnx.constant(`${inputOf(node, 1)} kernel`, shape, kernel.values)];
    if (fused.includes('BiasAdd')) {
      const bias = this.#weight(node, 2);
      parts.push(this.onnx.constant(`${inputOf(node, 2)} bias`, [bias.values.length], bias.values));
    }
    const activation = fused.find((name) => name !== 'BiasAdd');
    const linear = activation === undefined ? node.name : `${node.name} linear`;
    const dilations = integersOf(node.attributes['dilations']).slice(1, 3);
    this.onnx.node('Conv', parts, linear, {
      ...windowOf(node, [height, width]), dilations: dilations.length > 0 ? dilations : [1, 1], group: depthwise ? inputs : 1,
    });
    this.#channelsFirst.add(node.name);
    this.#activate(node, activation, linear);
  }

  /** Adds the activation that is fused into a convolution. */
  #activate(node: GraphNode, activation: string | undefined, linear: string): void {
    switch (activation) {
      case undefined: { return; }
      case 'Relu': { this.onnx.node('Relu', [linear], node.name); return; }
      case 'Relu6': { this.onnx.node('Clip', [linear, ...this.#relu6Limits()], node.name); return; }
      case 'Prelu': { this.onnx.node('PRelu', [linear, this.#slope(node, 3)], node.name); return; }
      default: { throw new TypeError(`${node.name}: the fused activation ${activation} is not known.`); }
    }
  }

  #transposedConvolution(node: GraphNode): void {
    const weight = this.#weight(node, 1);
    const kernel = permute(weight, [3, 2, 0, 1]);
    this.onnx.node('ConvTranspose', [
      this.#firstChannels(inputOf(node, 2)), this.onnx.constant(`${inputOf(node, 1)} kernel`, kernel.shape, kernel.values),
    ], node.name, windowOf(node, weight.shape.slice(0, 2)));
    this.#channelsFirst.add(node.name);
  }

  #prelu(node: GraphNode): void {
    this.onnx.node('PRelu', [this.#firstChannels(inputOf(node, 0)), this.#slope(node, 1)], node.name);
    this.#channelsFirst.add(node.name);
  }

  #pool(node: GraphNode): void {
    const operator = node.op === 'MaxPool' ? 'MaxPool' : 'AveragePool';
    this.onnx.node(operator, [this.#firstChannels(inputOf(node, 0))], node.name, windowOf(node, integersOf(node.attributes['ksize']).slice(1, 3)));
    this.#channelsFirst.add(node.name);
  }

  #pad(node: GraphNode): void {
    const padding = this.#weight(node, 1).values;
    if (padding.length !== 8) {
      throw new TypeError(`${node.name} pads ${padding.length / 2} axes; only pictures with 4 are known.`);
    }
    const before = TO_CHANNELS_FIRST.map((axis) => padding[2 * axis]!);
    const after = TO_CHANNELS_FIRST.map((axis) => padding[2 * axis + 1]!);
    this.onnx.node('Pad', [this.#firstChannels(inputOf(node, 0)), this.onnx.integers([...before, ...after])], node.name);
    this.#channelsFirst.add(node.name);
  }

  #reshape(node: GraphNode): void {
    const shape = this.onnx.integers([...this.#weight(node, 1).values]);
    this.onnx.node('Reshape', [this.#lastChannels(inputOf(node, 0)), shape], node.name);
  }

  #concat(node: GraphNode): void {
    const parts = node.inputs.slice(0, -1);
    const axis = this.#weight(node, parts.length).values[0]!;
    const channelsFirst = parts.some((part) => this.#channelsFirst.has(part));
    if (channelsFirst) {
      this.#channelsFirst.add(node.name);
    }
    this.onnx.node('Concat', parts.map((part) => (channelsFirst ? this.#firstChannels(part) : part)), node.name, {
      axis: channelsFirst ? TO_CHANNELS_FIRST.findIndex((source) => source === (axis + 4) % 4) : axis,
    });
  }

  #resize(node: GraphNode): void {
    const source = this.#firstChannels(inputOf(node, 0));
    const size = this.onnx.integers([...this.#weight(node, 1).values]);
    const shape = this.onnx.node('Shape', [source], `${node.name} shape`);
    const outer = this.onnx.node('Slice', [shape, this.onnx.integers([0]), this.onnx.integers([2])], `${node.name} outer`);
    const sizes = this.onnx.node('Concat', [outer, size], `${node.name} sizes`, { axis: 0 });
    const corners = node.attributes['align_corners']?.b === true ? 'align_corners' : 'asymmetric';
    this.onnx.node('Resize', [source, '', '', sizes], node.name, {
      mode: 'linear',
      coordinate_transformation_mode: node.attributes['half_pixel_centers']?.b === true ? 'half_pixel' : corners,
    });
    this.#channelsFirst.add(node.name);
  }

  #elementWise(node: GraphNode): void {
    const operator = ELEMENT_WISE[node.op] ?? node.op;
    const channelsFirst = node.inputs.some((input) => this.#channelsFirst.has(input));
    if (channelsFirst) {
      this.#channelsFirst.add(node.name);
    }
    const operands = node.inputs.map((input) => {
      const weight = this.#weights.get(input);
      if (weight !== undefined) {
        return this.#constantOperand(input, weight, channelsFirst);
      }
      return channelsFirst ? this.#firstChannels(input) : input;
    });
    this.onnx.node(operator, node.op === 'Relu6' ? [...operands, ...this.#relu6Limits()] : operands, node.name);
  }

  /** A constant that is broadcast against an activation. */
  #constantOperand(name: string, weight: Weight, channelsFirst: boolean): string {
    if (!channelsFirst || weight.shape.length === 0) {
      return this.onnx.constant(name, weight.shape, weight.values);
    }
    const moved = permute(withRankFour(weight), TO_CHANNELS_FIRST);
    return this.onnx.constant(`${name} channels first`, moved.shape, moved.values);
  }

  #slope(node: GraphNode, input: number): string {
    const moved = permute(withRankFour(this.#weight(node, input)), TO_CHANNELS_FIRST);
    return this.onnx.constant(`${inputOf(node, input)} slope`, moved.shape.slice(1), moved.values);
  }

  #relu6Limits(): string[] {
    return [this.onnx.constant('zero', [], Float32Array.of(0)), this.onnx.constant('six', [], Float32Array.of(6))];
  }

  #firstChannels(name: string): string {
    if (this.#channelsFirst.has(name)) {
      return name;
    }
    const moved = `${name} channels first`;
    if (!this.#channelsFirst.has(moved)) {
      this.onnx.node('Transpose', [name], moved, { perm: TO_CHANNELS_FIRST });
      this.#channelsFirst.add(moved);
    }
    return moved;
  }

  #lastChannels(name: string): string {
    return this.#channelsFirst.has(name) ? this.onnx.node('Transpose', [name], `${name} channels last`, { perm: TO_CHANNELS_LAST }) : name;
  }

  #weight(node: GraphNode, input: number): Weight {
    const weight = this.#weights.get(inputOf(node, input));
    if (weight === undefined) {
      throw new TypeError(`${node.name} (${node.op}) needs a constant as its input ${input}.`);
    }
    return weight;
  }
}

function inputOf(node: GraphNode, index: number): string {
  const name = node.inputs[index];
  if (name === undefined) {
    throw new TypeError(`${node.name} (${node.op}) has no input ${index}.`);
  }
  return name;
}

/** Attributes of a sliding window. */
function windowOf(node: GraphNode, kernel: readonly number[]): Record<string, OnnxAttribute> {
  const same = textOf(node.attributes['padding']) === 'SAME';
  return {
    kernel_shape: kernel,
    strides: integersOf(node.attributes['strides']).slice(1, 3),
    auto_pad: same ? 'SAME_UPPER' : 'VALID',
  };
}

function withRankFour(weight: Weight): Weight {
  const missing = Array.from({ length: Math.max(0, 4 - weight.shape.length) }, () => 1);
  return { shape: [...missing, ...weight.shape], values: weight.values };
}

/** Moves the axes of a constant: axis `k` of the result is axis `order[k]` of the source. */
function permute(weight: Weight, order: readonly number[]): Weight {
  const strides = weight.shape.map((_, axis) => weight.shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const shape = order.map((axis) => weight.shape[axis]!);
  const values = new Float32Array(weight.values.length);
  const index = shape.map(() => 0);
  for (let at = 0; at < values.length; at++) {
    values[at] = weight.values[index.reduce((sum, position, axis) => sum + position * strides[order[axis]!]!, 0)]!;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) {
        break;
      }
      index[axis] = 0;
    }
  }
  return { shape, values };
}
