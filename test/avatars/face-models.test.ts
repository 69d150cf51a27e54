import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { OnnxThread } from '../../src/inference/onnx-thread.ts';
import { OnnxGraph } from '../../models/onnx-graph.ts';
import { readTfjsGraph } from '../../models/tfjs-graph.ts';
import { tfjsToOnnx } from '../../models/tfjs-to-onnx.ts';
import { MODELS_FOLDER } from './portraits.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';

interface Manifest {
  readonly models: readonly {
    readonly file: string; readonly sha256: string; readonly licence: string; readonly source: string;
    readonly inputs: Readonly<Record<string, number[]>>; readonly outputs: Readonly<Record<string, number[]>>;
  }[];
}

test('the manifest names every network by its true hash, inputs and outputs', async () => {
  const manifest = JSON.parse(await readFile(join(MODELS_FOLDER, 'face', 'manifest.json'), 'utf8')) as Manifest;
  assert.deepEqual(manifest.models.map(({ file }) => file), ['blazeface.onnx', 'facemesh.onnx', 'iris.onnx', 'selfie.onnx']);
  await using thread = new OnnxThread();
  for (const { file, sha256, licence, source, inputs, outputs } of manifest.models) {
    const path = join(MODELS_FOLDER, 'face', file);
    assert.equal(createHash('sha256').update(await readFile(path)).digest('hex'), sha256, file);
    assert.equal(licence, 'Apache-2.0');
    assert.match(source, /^@vladmandic\/human/);
    const model = await thread.load(path);
    assert.deepEqual(model.inputs, Object.keys(inputs));
    const dims = inputs['image'] ?? [];
    const results = await model.run({ image: { dims, data: new Float32Array(dims.reduce((product, size) => product * size, 1)).fill(0.5) } });
    assert.deepEqual(Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, [...tensor.dims]])), outputs);
  }
});

/** A graph model of TensorFlow.js on disk: padding, a fused convolution with stride 2, an addition, and a reshape. */
async function writeTinyGraph(folder: string): Promise<{ kernel: number[]; bias: number[]; added: number[] }> {
  const kernel = Array.from({ length: 3 * 3 * 2 * 3 }, (_, index) => Math.sin(index + 1));
  const [bias, added] = [[0.5, -0.25, 1], [0.1, 0.2, 0.3]];
  const text = (value: string): { s: string } => ({ s: Buffer.from(value).toString('base64') });
  const node = (name: string, op: string, input: string[], attr = {}): object => ({ name, op, input, attr });
  const weights = [
    { name: 'kernel', shape: [3, 3, 2, 3], values: kernel, dtype: 'float32' }, { name: 'bias', shape: [3], values: bias, dtype: 'float32' },
    { name: 'added', shape: [3], values: added, dtype: 'float32' },
    { name: 'padding', shape: [4, 2], values: [0, 0, 1, 0, 0, 1, 0, 0], dtype: 'int32' }, { name: 'shape', shape: [2], values: [1, 27], dtype: 'int32' },
  ];
  const bytes = Buffer.concat(weights.map(({ values, dtype }) => Buffer.from((dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values)).buffer)));
  const fused = { strides: { list: { i: ['1', '2', '2', '1'] } }, padding: text('SAME'), fused_ops: { list: { s: ['BiasAdd', 'Relu'].map((op) => text(op).s) } } };
  await writeFile(join(folder, 'tiny.bin'), bytes);
  await writeFile(join(folder, 'tiny.json'), JSON.stringify({
    // The output comes before what it is made from: the reader puts nodes in order.
    modelTopology: { node: [
      node('out', 'Reshape', ['sum', 'shape']), node('sum', 'AddV2', ['conv', 'added']),
      node('conv', '_FusedConv2D', ['pad', 'kernel', 'bias', '^in'], fused), node('pad', 'Pad', ['in', 'padding']),
      node('in', 'Placeholder', [], { shape: { shape: { dim: [-1, 5, 5, 2].map((size) => ({ size: String(size) })) } } }),
      ...weights.map(({ name }) => node(name, 'Const', [])),
    ] },
    weightsManifest: [{ paths: ['tiny.bin'], weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }],
    signature: { outputs: { out: { name: 'out:0', tensorShape: { dim: [{ size: '1' }, { size: '27' }] } } } },
  }));
  return { kernel, bias, added };
}

test('a converted graph computes what TensorFlow defines', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orator-graph-'));
  const { kernel, bias, added } = await writeTinyGraph(folder);
  await writeFile(join(folder, 'tiny.onnx'), tfjsToOnnx(readTfjsGraph(join(folder, 'tiny.json')), { title: 'tiny', input: 'x', outputs: { out: 'y' } }));
  const data = Float32Array.from({ length: 50 }, (_, index) => Math.cos(index * 0.7));
  // One row above and one column to the right make 6 × 6; stride 2 with SAME padding adds one more below and to the right.
  const pixel = (row: number, column: number, channel: number): number => {
    const y = row - 1;
    return y < 0 || y > 4 || column > 4 ? 0 : data[(y * 5 + column) * 2 + channel]!;
  };
  const expected: number[] = [];
  for (let place = 0; place < 9; place++) {
    for (let output = 0; output < 3; output++) {
      let sum = bias[output]!;
      for (let tap = 0; tap < 18; tap++) {
        const [row, column, channel] = [Math.floor(tap / 6), Math.floor(tap / 2) % 3, tap % 2];
        sum += kernel[tap * 3 + output]! * pixel(2 * Math.floor(place / 3) + row, 2 * (place % 3) + column, channel);
      }
      expected.push(Math.max(0, sum) + added[output]!);
    }
  }
  await using thread = new OnnxThread();
  const model = await thread.load(join(folder, 'tiny.onnx'));
  const { y } = await model.run({ x: { dims: [1, 5, 5, 2], data } });
  assert.deepEqual(y?.dims, [1, 27]);
  expected.forEach((value, index) => { assert.ok(Math.abs(Number(y.data[index]) - value) < 1e-5, `value ${index}: ${y.data[index]}, expected ${value}`); });
  await rm(folder, { recursive: true });
});

test('a graph with an unknown operation is refused by name', () => {
  const graph = { nodes: [{ name: 'odd', op: 'FFT', inputs: [], attributes: {} }], weights: new Map(), outputs: new Map() };
  assert.throws(() => tfjsToOnnx(graph, { title: 'x', input: 'x', outputs: {} }), /odd: the operation FFT is not known/);
});

test('an ONNX model is written in the form of protocol buffers', () => {
  const graph = new OnnxGraph();
  graph.input('x', [1, 300]);
  graph.output(graph.node('Relu', ['x'], 'y'), [1, 300]);
  const bytes = graph.toBytes('name');
  // Field 1 (format version) as a number, then field 2 (producer) as text; the size 300 takes two bytes.
  assert.deepEqual([...bytes.subarray(0, 4)], [8, 8, 18, 6]);
  assert.ok(bytes.includes(Buffer.from([8, 0xac, 2])));
});
