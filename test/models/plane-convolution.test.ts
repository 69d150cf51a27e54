import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { OnnxThread } from '../../src/inference/onnx-thread.ts';
import { GraphBuilder, type Precision } from '../../src/models/graph-builder.ts';
import type { Layer } from '../../src/models/graph-layers.ts';
import { writeGraphFile } from '../../src/models/graph-file.ts';
import { known } from '../../src/models/lazy-tensor.ts';
import { planeConvolutions } from '../../src/models/plane-convolution.ts';
import { type SliceShape, volumeConvolution } from '../../src/models/volume-layers.ts';
import { recipeInput } from './recipe.ts';

const values = (name: string, shape: readonly number[]): Float32Array => recipeInput('plane', name, { shape, lowest: -1, highest: 1 });

/** Sums reach 20 here, and the transforms multiply by up to 64 and 512: rounding of float32, where a mistake would be of the order of 1. */
const TILED_TOLERANCE = 5e-4;

interface ReferenceForm {
  readonly x: Float32Array;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly outputs: number;
  readonly shape: Required<SliceShape>;
  readonly kernel: readonly [number, number, number];
}

/** A convolution written out: slices (N · depth) × channels × height × width, kernel depth × height × width. */
function reference({ x, weight, bias, outputs, shape, kernel: [kd, kh, kw] }: ReferenceForm): Float32Array {
  const { depth, channels, height, width, enlarged } = shape;
  const [h, w] = [height * enlarged, width * enlarged];
  const y = new Float32Array(depth * outputs * h * w);
  const at = (d: number, c: number, row: number, column: number): number => (d < 0 || d >= depth || row < 0 || row >= h || column < 0 || column >= w
    ? 0
    : x[((d * channels + c) * height + Math.floor(row / enlarged)) * width + Math.floor(column / enlarged)]!);
  for (let i = 0; i < y.length; i++) {
    const [column, row, o, d] = [i % w, Math.floor(i / w) % h, Math.floor(i / (w * h)) % outputs, Math.floor(i / (w * h * outputs))];
    let sum = bias[o]!;
    for (let k = 0; k < channels * kd * kh * kw; k++) {
      const [kx, ky, kz, c] = [k % kw, Math.floor(k / kw) % kh, Math.floor(k / (kw * kh)) % kd, Math.floor(k / (kw * kh * kd))];
      sum += weight[o * channels * kd * kh * kw + k]! * at(d + kz - (kd >> 1), c, row + ky - (kh >> 1), column + kx - (kw >> 1));
    }
    y[i] = sum;
  }
  return y;
}

describe('a convolution', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orator-plane-'));
  const thread = new OnnxThread();
  after(async () => {
    await thread.close();
    rmSync(folder, { recursive: true });
  });

  /** Largest difference from the reference, and the operators used. */
  const difference = async (form: { outputs: number; shape: Required<SliceShape>; kernel: readonly [number, number, number]; precision?: Precision }): Promise<{ largest: number; operators: string[] }> => {
    const { outputs, shape, kernel, precision = 'fp32' } = form;
    const { depth, channels, height, width, enlarged } = shape;
    const flat = depth === 1;
    const weightShape = [outputs, channels, ...(flat ? kernel.slice(1) : kernel)];
    const x = values('x', [depth, channels, height, width]);
    const weight = values('weight', weightShape);
    const bias = values('bias', [outputs]);
    const layer: Layer = { weight: known(weightShape, weight), bias: known([outputs], bias) };
    const g = new GraphBuilder('test', precision);
    const input = g.input('x', ['slices', channels, height, width]);
    const y = flat ? planeConvolutions(g, input, [layer, layer], { side: height, enlarged }) : [volumeConvolution(g, input, layer, shape)];
    const side = [outputs, height * enlarged, width * enlarged];
    for (const [i, value] of y.entries()) {
      g.output(`y${i}`, value, ['slices', ...side]);
    }
    const path = join(folder, 'graph.onnx');
    const graph = g.finish();
    await writeGraphFile(path, graph);
    await using model = await thread.load(path);
    // Two volumes at once: they must not see each other.
    const both = new Float32Array(2 * x.length);
    both.set(x);
    both.set(x.map((value) => -value), x.length);
    const results = await model.run({ x: { dims: [2 * depth, channels, height, width], data: both } });
    const expected = reference({ x, weight, bias, outputs, shape, kernel });
    let largest = 0;
    for (const { data } of Object.values(results)) {
      assert.equal(data.length, 2 * expected.length);
      for (const [i, value] of expected.entries()) {
        const mirrored = 2 * bias[Math.floor(i / (side[1]! * side[2]!)) % outputs]! - value;
        largest = Math.max(largest, Math.abs(Number(data[i]!) - value), Math.abs(Number(data[expected.length + i]!) - mirrored));
      }
    }
    return { largest, operators: graph.nodes.map(({ operator }) => operator) };
  };

  for (const enlarged of [1, 2, 4] as const) {
    it(`by tiles is the plain one, on a map enlarged ${enlarged} times`, async () => {
      const shape = { depth: 1, channels: 9, height: 16, width: 16, enlarged: enlarged as 1 };
      const { largest, operators } = await difference({ outputs: 8, shape, kernel: [1, 3, 3] });
      assert.ok(operators.includes('MatMul') && !operators.includes('Resize'));
      assert.ok(largest < TILED_TOLERANCE, `off by ${largest}`);
    });
  }

  it('of a large map is done in bands that meet', async () => {
    const { largest, operators } = await difference({ outputs: 8, shape: { depth: 1, channels: 8, height: 264, width: 264, enlarged: 1 }, kernel: [1, 3, 3] });
    assert.ok(operators.filter((operator) => operator === 'Conv').length > 1);
    assert.ok(largest < TILED_TOLERANCE, `off by ${largest}`);
  });

  it('of few channels or uneven sides is not done by tiles', async () => {
    for (const shape of [{ depth: 1, channels: 3, height: 16, width: 16, enlarged: 1 as const }, { depth: 1, channels: 8, height: 18, width: 18, enlarged: 1 as const }]) {
      const { largest, operators } = await difference({ outputs: 8, shape, kernel: [1, 3, 3] });
      assert.ok(!operators.includes('MatMul'));
      assert.ok(largest < 1e-5, `off by ${largest}`);
    }
  });

  const volumes: Readonly<Record<string, { outputs: number; shape: Required<SliceShape>; kernel: readonly [number, number, number] }>> = {
    'by tiles along every axis': { outputs: 8, shape: { depth: 8, channels: 8, height: 16, width: 16, enlarged: 1 }, kernel: [3, 3, 3] },
    'by tiles along every axis, enlarged': { outputs: 8, shape: { depth: 4, channels: 8, height: 8, width: 8, enlarged: 2 }, kernel: [3, 3, 3] },
    'by tiles along the depth alone': { outputs: 6, shape: { depth: 4, channels: 5, height: 8, width: 8, enlarged: 2 }, kernel: [3, 3, 3] },
    'by tiles along the depth, seven deep': { outputs: 3, shape: { depth: 8, channels: 5, height: 8, width: 8, enlarged: 1 }, kernel: [7, 7, 7] },
    'with neighbours side by side': { outputs: 6, shape: { depth: 6, channels: 5, height: 8, width: 8, enlarged: 2 }, kernel: [3, 3, 3] },
    'with few outputs, added up over the depth': { outputs: 3, shape: { depth: 6, channels: 5, height: 8, width: 8, enlarged: 1 }, kernel: [7, 7, 7] },
    'of very small slices': { outputs: 6, shape: { depth: 5, channels: 4, height: 2, width: 2, enlarged: 2 }, kernel: [3, 3, 3] },
    'of single voxels': { outputs: 6, shape: { depth: 3, channels: 4, height: 8, width: 8, enlarged: 1 }, kernel: [1, 1, 1] },
  };
  for (const [kind, form] of Object.entries(volumes)) {
    it(`of a volume ${kind} is the plain one`, async () => {
      const { largest } = await difference(form);
      assert.ok(largest < TILED_TOLERANCE, `off by ${largest}`);
    });
  }
});
