import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope } from '../../../src/base/scope.ts';
import type { OnnxModel } from '../../../src/inference/onnx-model.ts';
import { OnnxThread } from '../../../src/inference/onnx-thread.ts';
import { GraphBuilder } from '../../../src/models/graph-builder.ts';
import { writeGraphFile } from '../../../src/models/graph-file.ts';
import { convolution, linear, reshape } from '../../../src/models/graph-layers.ts';
import { filled } from '../../../src/models/lazy-tensor.ts';
import type { OnnxGraph } from '../../../src/models/onnx-model-file.ts';

/** A network on a thread of its own. */
export interface LoadedFace3d extends AsyncDisposable {
  readonly face3d: OnnxModel;
}

const COEFFICIENTS = 257;
const CELLS = 7;

/** Builds a small stand-in for `face3d` with its inputs and outputs: two linear layers over cells of 32 × 32 pixels. */
export function smallFace3d(): OnnxGraph {
  const g = new GraphBuilder('face3d', 'fp32');
  const image = g.input('image', ['faces', 3, 224, 224]);
  const cells = convolution(g, image, { weight: waves([4, 3, 32, 32], 0.02) }, { stride: 32 });
  const coefficients = linear(g, reshape(g, cells, [-1, 4 * CELLS * CELLS]), { weight: waves([COEFFICIENTS, 4 * CELLS * CELLS], 0.1) });
  g.output('coefficients', coefficients, ['faces', COEFFICIENTS]);
  return g.finish();
}

/** Writes a graph and loads it. */
export async function loadFace3d(graph: OnnxGraph): Promise<LoadedFace3d> {
  await using scope = new Scope();
  const folder = mkdtempSync(join(tmpdir(), 'orator-face3d-'));
  scope.defer(() => { rmSync(folder, { recursive: true }); });
  const path = join(folder, 'face3d.onnx');
  await writeGraphFile(path, graph);
  const face3d = await scope.own(new OnnxThread()).load(path);
  const owner = scope.handOver();
  return { face3d, [Symbol.asyncDispose]: () => owner.close() };
}

function waves(shape: readonly number[], size: number): ReturnType<typeof filled> {
  return filled(shape, (values) => {
    for (let i = 0; i < values.length; i++) {
      values[i] = size * Math.sin(1.7 * i + 0.3 * (i % 11));
    }
  });
}
