import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OnnxThread } from '../../src/inference/onnx-thread.ts';
import type { NamedTensors } from '../../src/inference/tensor.ts';
import { checkpointSource } from '../../src/models/checkpoint-source.ts';
import { writeGraphFile } from '../../src/models/graph-file.ts';
import { filled, known } from '../../src/models/lazy-tensor.ts';
import type { OnnxGraph, OnnxNode } from '../../src/models/onnx-model-file.ts';
import { mappingGraph, portraitGraph, renderGraph } from '../../src/models/pack-graphs.ts';
import { mainCatalogue, mappingCatalogue } from '../../src/models/tensor-catalogue.ts';
import type { TensorSource } from '../../src/models/weight-scope.ts';
import { Goldens } from './goldens.ts';
import { MINI_SIZE, MINI_WIDTHS } from './mini-widths.ts';
import { type ParityRow, TOLERANCES, compare } from './parity-row.ts';
import { recipeCheckpoint } from './recipe.ts';

const SALT = 'public';
const widths = MINI_WIDTHS;

/** Changes the attributes of every node of one operator. */
function withAttributes(graph: OnnxGraph, operator: string, attributes: OnnxNode['attributes']): OnnxGraph {
  assert.ok(graph.nodes.some((node) => node.operator === operator), `no ${operator}`);
  return { ...graph, nodes: graph.nodes.map((node) => (node.operator === operator ? { ...node, attributes: { ...node.attributes, ...attributes } } : node)) };
}

/** Changes the number that stands in a graph. */
function withNumber(graph: OnnxGraph, from: number, to: number): OnnxGraph {
  const name = `number ${from} float32`;
  assert.ok(graph.constants.some((constant) => constant.name === name), `no ${name}`);
  return { ...graph, constants: graph.constants.map((constant) => (constant.name === name ? { name, type: 'float32', tensor: known([], [to]) } : constant)) };
}

/** Changes the values of the tensors whose names match. */
function withTensors(source: TensorSource, pattern: RegExp, change: (value: number) => number): TensorSource {
  return {
    ...source,
    tensor: (name, shape) => {
      const tensor = source.tensor(name, shape);
      return pattern.test(name) ? filled(shape, (values) => { values.set(tensor.read().map(change)); }) : tensor;
    },
  };
}

describe('the tolerances', () => {
  const goldens = new Goldens(new URL('./fixtures/cases.safetensors', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'orator-mistakes-'));
  const thread = new OnnxThread();
  const source = checkpointSource(recipeCheckpoint(SALT, mainCatalogue(widths)), recipeCheckpoint(SALT, mappingCatalogue(widths, 70)));
  const render = (weights = source): OnnxGraph => renderGraph({ source: weights, widths, precision: 'fp32' }, { size: MINI_SIZE });
  let portrait: NamedTensors = {};

  const run = async (graph: OnnxGraph, feeds: NamedTensors): Promise<NamedTensors> => {
    const path = join(folder, 'graph.onnx');
    await writeGraphFile(path, graph);
    await using model = await thread.load(path);
    return await model.run(feeds);
  };

  const frameRow = async (graph: OnnxGraph, change: (feeds: NamedTensors) => NamedTensors = (feeds) => feeds): Promise<ParityRow> => {
    const driving = goldens.floats('mini.kp_driving');
    const pointValues = driving.data.length / 3;
    const feeds = {
      feature: portrait['feature']!, compressed: portrait['compressed']!, source: goldens.floats('mini.kp_source'),
      driving: { dims: [1, widths.keypoints, 3], data: driving.data.slice(0, pointValues) },
    };
    const { frames } = await run(graph, change(feeds));
    const expected = goldens.floats('mini.frames').data;
    return compare('mini.frames', { actual: frames?.data as Float32Array, expected: expected.subarray(0, expected.length / 3), tolerance: TOLERANCES.miniFrames });
  };

  const keypointRow = async (graph: OnnxGraph): Promise<ParityRow> => {
    const made = await run(graph, {
      coefficients: goldens.floats('mini.semantics_target'), canonical: goldens.floats('mini.kp_canonical'),
      view: { dims: [3, 3], data: new Float32Array(9).fill(NaN) },
    });
    return compare('mini.kp_driving', { actual: made['keypoints']?.data as Float32Array, expected: goldens.floats('mini.kp_driving').data, tolerance: TOLERANCES.keypoints });
  };

  before(async () => {
    portrait = await run(portraitGraph({ source, widths, precision: 'fp32' }, MINI_SIZE), { image: goldens.floats('mini.image') });
  });

  after(async () => {
    await thread.close();
    goldens[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });

  it('let the right networks pass', async () => {
    assert.ok((await frameRow(render())).ok);
    assert.ok((await keypointRow(mappingGraph({ source, widths, precision: 'fp32' }, 70))).ok);
  });

  const mistakes: Readonly<Record<string, () => OnnxGraph>> = {
    'corners aligned': () => withAttributes(render(), 'GridSample', { align_corners: 1 }),
    'border padding': () => withAttributes(render(), 'GridSample', { padding_mode: 'border' }),
    'nearest warp': () => withAttributes(render(), 'GridSample', { mode: 'nearest' }),
    'no cut of small mask values': () => withNumber(render(), 0.001, 0),
    'batch norm epsilon 1e-4': () => render(withTensors(source, /running_var$/, (value) => value + 9e-5)),
    'instance norm epsilon 1e-6': () => withAttributes(render(), 'InstanceNormalization', { epsilon: { float: 1e-6 } }),
    'all slopes 0.01': () => withAttributes(render(), 'LeakyRelu', { alpha: { float: 0.01 } }),
    'all slopes 0.1': () => withAttributes(render(), 'LeakyRelu', { alpha: { float: 0.1 } }),
    'heat maps of twice the variance': () => withNumber(render(), 0.01, 0.02),
    'no division by the spectral norm': () => render(withTensors(source, /weight_u$/, (value) => value / 2)),
    'bilinear enlargement': () => withAttributes(render(), 'Resize', { mode: 'linear', coordinate_transformation_mode: 'half_pixel' }),
  };
  for (const [mistake, graph] of Object.entries(mistakes)) {
    it(`catch ${mistake}`, async () => {
      const row = await frameRow(graph());
      assert.ok(!row.ok, `off by only ${row.largest}, ${row.mean} on average`);
    });
  }

  it('catch batch norm epsilon 0 in every network', async () => {
    const without = withTensors(source, /running_var$/, (value) => value - 1e-5);
    const other = await run(portraitGraph({ source: without, widths, precision: 'fp32' }, MINI_SIZE), { image: goldens.floats('mini.image') });
    const row = await frameRow(render(without), (feeds) => ({ ...feeds, feature: other['feature']!, compressed: other['compressed']! }));
    assert.ok(!row.ok, `off by only ${row.largest}, ${row.mean} on average`);
  });

  it('catch the source pose taken for the driving one', async () => {
    assert.ok(!(await frameRow(render(), (feeds) => ({ ...feeds, driving: feeds['source']! }))).ok);
  });

  it('catch the real π in the head angles', async () => {
    assert.ok(!(await keypointRow(withNumber(mappingGraph({ source, widths, precision: 'fp32' }, 70), 3.14, Math.PI))).ok);
  });

  it('catch yaw and roll swapped', async () => {
    const swapped: TensorSource = { ...source, tensor: (name, shape) => source.tensor(name.replace(/fc_(yaw|roll)/, (_all, angle) => (angle === 'yaw' ? 'fc_roll' : 'fc_yaw')), shape) };
    assert.ok(!(await keypointRow(mappingGraph({ source: swapped, widths, precision: 'fp32' }, 70))).ok);
  });
});
