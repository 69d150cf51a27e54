import { type LazyTensor, elementCount, filled } from '../../src/models/lazy-tensor.ts';
import type { StoredTensor, StoredTensors } from '../../src/models/stored-tensor.ts';
import type { TensorCatalogue } from '../../src/models/tensor-catalogue.ts';

/**
 * The weight recipe of the goldens: every tensor from a salt, its name and its shape, without a random generator's state.
 * k = FNV-1a-32(salt/name); x = fmix32(k ^ (i · 0x9E3779B1)); u = x / 2³², s = 2u − 1; then scaled by the kind of tensor.
 */
const GAINS: readonly (readonly [string, number])[] = [
  ['.fc_t.', 0.15], ['.fc_exp.', 0.15], ['.fc_yaw.', 3], ['.fc_pitch.', 3], ['.fc_roll.', 3],
  ['.dense_motion_network.mask.', 24], ['.dense_motion_network.occlusion.', 12],
];

/** Returns values in `lowest`..`highest` for the key, as float32. */
export function recipeInput(salt: string, name: string, form: { shape: readonly number[]; lowest: number; highest: number }): Float32Array {
  const values = new Float32Array(elementCount(form.shape));
  fillUniform(values, `${salt}/input/${name}`, (u) => form.lowest + (form.highest - form.lowest) * u);
  return values;
}

/** Returns the tensors of a catalogue, filled by the recipe, as a checkpoint would hold them. */
export function recipeCheckpoint(salt: string, catalogue: TensorCatalogue): StoredTensors {
  const norms = new Set([...catalogue.keys()].filter((name) => name.endsWith('.running_mean')).map((name) => name.slice(0, -'.running_mean'.length)));
  return new Map([...catalogue].map(([name, { shape }]): [string, StoredTensor] => [name, recipeTensor(salt, { name, shape, norms, catalogue })]));
}

interface RecipeEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly norms: ReadonlySet<string>;
  readonly catalogue: TensorCatalogue;
}

function recipeTensor(salt: string, entry: RecipeEntry): StoredTensor {
  const { name, shape } = entry;
  if (name.endsWith('.num_batches_tracked')) {
    return { shape, type: 'int64', readBytes: () => new Uint8Array(8) };
  }
  const tensor = /\.weight_[uv]$/.test(name) ? spectralVector(salt, entry) : plainTensor(salt, entry);
  return { shape, type: 'float32', readBytes: () => new Uint8Array(tensor.read().buffer) };
}

function plainTensor(salt: string, { name, shape, norms }: RecipeEntry): LazyTensor {
  const dot = name.lastIndexOf('.');
  const [layer, leaf] = [name.slice(0, dot), name.slice(dot + 1)];
  const gain = GAINS.reduce((product, [part, factor]) => (name.includes(part) ? product * factor : product), 1);
  const bound = Math.sqrt(3 / elementCount(shape.slice(1)));
  const rule = (): ((u: number) => number) => {
    if (leaf === 'running_var') {
      return (u) => 0.5 + u;
    }
    if (leaf === 'running_mean') {
      return (u) => 0.2 * (2 * u - 1);
    }
    if (leaf === 'weight' && norms.has(layer)) {
      return (u) => 0.8 + 0.4 * u;
    }
    return shape.length >= 2 ? (u) => gain * ((2 * u - 1) * bound) : (u) => gain * (0.1 * (2 * u - 1));
  };
  return filled(shape, (values) => { fillUniform(values, `${salt}/${name}`, rule()); });
}

/** One power iteration from row 0: v = W[0] / |W[0]|, u = W·v / |W·v|. */
function spectralVector(salt: string, entry: RecipeEntry): LazyTensor {
  const original = `${entry.name.slice(0, -'weight_u'.length)}weight_orig`;
  const shape = entry.catalogue.get(original)?.shape ?? [];
  return filled(entry.shape, (values) => {
    const columns = elementCount(shape.slice(1));
    const rows = (count: number): Float32Array => plainTensor(salt, { ...entry, name: original, shape: [count, ...shape.slice(1)] }).read();
    const right = unit(Float64Array.from(rows(1)));
    if (entry.name.endsWith('_v')) {
      values.set(right);
      return;
    }
    const matrix = rows(shape[0]!);
    values.set(unit(Float64Array.from({ length: shape[0]! }, (_, row) => {
      let sum = 0;
      for (let column = 0; column < columns; column++) {
        sum += matrix[row * columns + column]! * right[column]!;
      }
      return sum;
    })));
  });
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}

function fillUniform(values: Float32Array, key: string, rule: (u: number) => number): void {
  const k = fnv1a(key);
  for (let i = 0; i < values.length; i++) {
    let x = k ^ Math.imul(i, 0x9e3779b1);
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    values[i] = rule(((x ^ (x >>> 16)) >>> 0) / 2 ** 32);
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash;
}
