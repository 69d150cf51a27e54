import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A constant of a graph. */
export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** One operation of a graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes it reads, without output numbers and control edges. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, TfAttribute>>;
}

/** A TensorFlow.js graph model in memory. */
export interface TfjsGraph {
  /** In an order in which every node comes after those it reads. */
  readonly nodes: readonly GraphNode[];
  readonly weights: ReadonlyMap<string, Weight>;
  /** Shapes of the outputs by the name of the node that makes them; unknown sizes are 1. */
  readonly outputs: ReadonlyMap<string, readonly number[]>;
}

/** An attribute as TensorFlow's JSON form has it; strings are base64. */
export interface TfAttribute {
  readonly s?: string;
  readonly i?: string | number;
  readonly b?: boolean;
  readonly list?: { readonly i?: readonly (string | number)[]; readonly s?: readonly string[] };
  readonly shape?: TfShape;
}

interface TfShape {
  readonly dim?: readonly { readonly size: string | number }[];
}

interface Signature {
  readonly outputs: Readonly<Record<string, { readonly name: string; readonly tensorShape: TfShape }>>;
}

interface StoredWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string };
}

interface ModelJson {
  readonly modelTopology: {
    readonly node: readonly { name: string; op: string; input?: readonly string[]; attr?: Record<string, TfAttribute> }[];
  };
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly StoredWeight[] }[];
  readonly signature?: Signature;
  readonly userDefinedMetadata?: { readonly signature: Signature };
}

/** Reads a graph model: its JSON file and the weight files beside it. */
export function readTfjsGraph(path: string): TfjsGraph {
  const json = JSON.parse(readFileSync(path, 'utf8')) as ModelJson;
  const signature = json.signature ?? json.userDefinedMetadata?.signature;
  if (signature === undefined) {
    throw new TypeError(`${path} has no signature that names its outputs.`);
  }
  const nodes = json.modelTopology.node.map((node): GraphNode => ({
    name: node.name,
    op: node.op,
    inputs: (node.input ?? []).filter((input) => !input.startsWith('^')).map(withoutOutputNumber),
    attributes: node.attr ?? {},
  }));
  return {
    nodes: inOrder(nodes),
    weights: readWeights(json, dirname(path)),
    outputs: new Map(Object.values(signature.outputs).map((output) => [withoutOutputNumber(output.name), shapeOf(output.tensorShape)])),
  };
}

/** Returns a shape with 1 for sizes that are not known. */
export function shapeOf(shape: TfShape | undefined): readonly number[] {
  return (shape?.dim ?? []).map((dim) => Math.max(1, Number(dim.size)));
}

/** Returns the text of a string attribute. */
export function textOf(attribute: TfAttribute | undefined): string {
  return Buffer.from(attribute?.s ?? '', 'base64').toString();
}

/** Returns the numbers of a list attribute. */
export function integersOf(attribute: TfAttribute | undefined): readonly number[] {
  return (attribute?.list?.i ?? []).map(Number);
}

/** Returns the texts of a list attribute. */
export function textsOf(attribute: TfAttribute | undefined): readonly string[] {
  return (attribute?.list?.s ?? []).map((text) => Buffer.from(text, 'base64').toString());
}

function withoutOutputNumber(name: string): string {
  return name.replace(/:0$/, '');
}

function inOrder(nodes: readonly GraphNode[]): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const ordered = new Set<GraphNode>();
  const visit = (name: string): void => {
    const node = byName.get(name);
    if (node === undefined) {
      throw new TypeError(`The graph reads ${name}, which it does not have.`);
    }
    if (!ordered.has(node)) {
      node.inputs.forEach(visit);
      ordered.add(node);
    }
  };
  nodes.forEach((node) => { visit(node.name); });
  return [...ordered];
}

function readWeights(json: ModelJson, folder: string): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  for (const group of json.weightsManifest) {
    const bytes = Buffer.concat(group.paths.map((path) => readFileSync(join(folder, path))));
    let offset = 0;
    for (const stored of group.weights) {
      const count = stored.shape.reduce((product, size) => product * size, 1);
      const { read, size } = elementReader(stored);
      const values = Float32Array.from({ length: count }, (_, index) => read(bytes, offset + index * size));
      weights.set(stored.name, { shape: stored.shape, values });
      offset += count * size;
    }
  }
  return weights;
}

function elementReader(stored: StoredWeight): { read: (bytes: Buffer, offset: number) => number; size: number } {
  const type = stored.quantization?.dtype ?? stored.dtype;
  switch (type) {
    case 'float32': {
      return { read: (bytes, offset) => bytes.readFloatLE(offset), size: 4 };
    }
    case 'int32': {
      return { read: (bytes, offset) => bytes.readInt32LE(offset), size: 4 };
    }
    case 'float16': {
      return { read: (bytes, offset) => halfToNumber(bytes.readUInt16LE(offset)), size: 2 };
    }
    default: {
      throw new TypeError(`Weight ${stored.name} is stored as ${type}; known are float32, int32 and float16.`);
    }
  }
}

/** IEEE 754 half precision. */
function halfToNumber(bits: number): number {
  const sign = bits >> 15 === 1 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) {
    return fraction > 0 ? Number.NaN : sign * Infinity;
  }
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
