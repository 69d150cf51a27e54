import type { GraphBuilder, Value } from './graph-builder.ts';
import type { LazyTensor } from './lazy-tensor.ts';
import { ELEMENT_TYPES, type ElementType } from './onnx-model-file.ts';

/** Weights of a convolution or linear layer. */
export interface Layer {
  /** Cout × Cin × kernel…; a linear layer has no kernel. */
  readonly weight: LazyTensor;
  /** Cout; left out where the layer has none. */
  readonly bias?: LazyTensor | undefined;
}

/** Stride and zero padding of a convolution, per axis or the same for all. */
export interface ConvolutionForm {
  readonly stride?: number | readonly number[];
  readonly pad?: number | readonly number[];
  readonly dilation?: number;
  readonly groups?: number;
}

/** Adds a convolution over as many axes as the kernel has. */
export function convolution(g: GraphBuilder, x: Value, layer: Layer, form: ConvolutionForm = {}): Value {
  const kernel = layer.weight.shape.slice(2);
  const pads = perAxis(form.pad ?? 0, kernel.length);
  return g.node('Conv', withBias(g, x, layer), {
    kernel_shape: kernel,
    strides: perAxis(form.stride ?? 1, kernel.length),
    dilations: perAxis(form.dilation ?? 1, kernel.length),
    pads: [...pads, ...pads],
    group: form.groups ?? 1,
  });
}

/** Adds a transposed convolution without padding whose stride is its kernel; the weight is Cin × Cout × kernel. */
export function upConvolution(g: GraphBuilder, x: Value, layer: Layer): Value {
  const kernel = layer.weight.shape.slice(2);
  return g.node('ConvTranspose', withBias(g, x, layer), { kernel_shape: kernel, strides: kernel });
}

/** Adds y = x · weightᵀ + bias over the last axis of a matrix. */
export function linear(g: GraphBuilder, x: Value, layer: Layer): Value {
  return g.node('Gemm', withBias(g, x, layer), { transB: 1 });
}

function withBias(g: GraphBuilder, x: Value, layer: Layer): Value[] {
  const weight = g.constant(layer.weight);
  return layer.bias === undefined ? [x, weight] : [x, weight, g.constant(layer.bias)];
}

function perAxis(value: number | readonly number[], axes: number): readonly number[] {
  return typeof value === 'number' ? Array.from({ length: axes }, () => value) : value;
}

/** Adds max(0, x). */
export function relu(g: GraphBuilder, x: Value): Value {
  return g.node('Relu', [x]);
}

/** Adds x where positive, slope · x elsewhere. */
export function leakyRelu(g: GraphBuilder, x: Value, slope: number): Value {
  return g.node('LeakyRelu', [x], { alpha: { float: slope } });
}

/** Adds 1 / (1 + e^−x). */
export function sigmoid(g: GraphBuilder, x: Value): Value {
  return g.node('Sigmoid', [x]);
}

/** Adds a + b with broadcasting. */
export function add(g: GraphBuilder, a: Value, b: Value | number): Value {
  return g.node('Add', [a, operand(g, a, b)]);
}

/** Adds a − b with broadcasting. */
export function subtract(g: GraphBuilder, a: Value, b: Value | number): Value {
  return g.node('Sub', [a, operand(g, a, b)]);
}

/** Adds a · b with broadcasting. */
export function multiply(g: GraphBuilder, a: Value, b: Value | number): Value {
  return g.node('Mul', [a, operand(g, a, b)]);
}

/** Adds a / b with broadcasting. */
export function divide(g: GraphBuilder, a: Value, b: Value | number): Value {
  return g.node('Div', [a, operand(g, a, b)]);
}

function operand(g: GraphBuilder, like: Value, value: Value | number): Value {
  return typeof value === 'number' ? g.number(value, like) : value;
}

/** Adds a matrix product with broadcast leading axes. */
export function matrixProduct(g: GraphBuilder, a: Value, b: Value): Value {
  return g.node('MatMul', [a, b]);
}

/** Adds a softmax over one axis. */
export function softmax(g: GraphBuilder, x: Value, axis: number): Value {
  return g.node('Softmax', [x], { axis });
}

/** Adds a change of shape: one size may be −1, and 0 copies the source's. */
export function reshape(g: GraphBuilder, x: Value, shape: readonly number[]): Value {
  return g.node('Reshape', [x, g.integers(shape)]);
}

/** Adds a reordering of axes. */
export function transpose(g: GraphBuilder, x: Value, order: readonly number[]): Value {
  return g.node('Transpose', [x], { perm: order });
}

/** Adds a join along one axis. */
export function concat(g: GraphBuilder, values: readonly Value[], axis: number): Value {
  return g.node('Concat', values, { axis });
}

/** Adds a split along one axis into the given sizes. */
export function split(g: GraphBuilder, x: Value, sizes: readonly number[], axis: number): Value[] {
  return g.nodes('Split', [x, g.integers(sizes)], { count: sizes.length, attributes: { axis }, type: x.type });
}

/** Adds the part `from` ≤ index < `to` of one axis. */
export function slice(g: GraphBuilder, x: Value, [from, to]: readonly [number, number], axis: number): Value {
  return g.node('Slice', [x, g.integers([from]), g.integers([to]), g.integers([axis])]);
}

/** Adds the mean over 2 × 2 pixels of the last two axes. */
export function averagePool(g: GraphBuilder, x: Value): Value {
  return g.node('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
}

/** Adds a nearest-neighbour enlargement of the last two axes of a four-dimensional value. */
export function enlarge(g: GraphBuilder, x: Value, factor: number): Value {
  const scales = g.constant({ shape: [4], read: () => Float32Array.of(1, 1, factor, factor) }, 'float32');
  return g.node('Resize', [x, { name: '', type: 'float32' }, scales], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' });
}

/** Adds a cast; nothing where the value has the type already. */
export function cast(g: GraphBuilder, x: Value, type: ElementType): Value {
  return x.type === type ? x : g.node('Cast', [x], { to: ELEMENT_TYPES[type] }, type);
}

/** Adds a cast to the graph's working type. */
export function working(g: GraphBuilder, x: Value): Value {
  return cast(g, x, g.workingType);
}

/** Adds a cast to float32, for coordinates and sums that halves are too coarse for. */
export function single(g: GraphBuilder, x: Value): Value {
  return cast(g, x, 'float32');
}
