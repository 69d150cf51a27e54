import assert from 'node:assert/strict';
import { OnnxModel } from '../../../src/inference/onnx-model.ts';
import type { NamedTensors, Tensor } from '../../../src/inference/tensor.ts';

/** A model whose runs are answered by a function; it counts them. */
export class FakeModel extends OnnxModel {
  runs = 0;

  constructor(inputs: readonly string[], answer: (feeds: NamedTensors, run: number) => NamedTensors | Promise<NamedTensors>) {
    super({
      path: 'fake.onnx', inputs, outputs: ['expression', 'motion'],
      run: async (feeds) => {
        this.runs += 1;
        return answer(feeds, this.runs);
      },
      release: () => Promise.resolve(),
    });
  }
}

const floats = (dims: readonly number[], data: Float32Array): Tensor => ({ dims, data });

/** An ExpNet whose every coefficient is the mean of its window, plus the reference, plus the ratio. */
export function fakeExpNet(): FakeModel {
  return new FakeModel(['mel', 'reference', 'ratio'], (feeds) => {
    const [mel, reference, ratio] = [feedOf(feeds, 'mel'), feedOf(feeds, 'reference'), feedOf(feeds, 'ratio')];
    const expression = reference.map((value, i) => {
      const frame = Math.floor(i / 64);
      const window = mel.subarray(frame * 1280, (frame + 1) * 1280);
      return window.reduce((sum, band) => sum + band, 0) / 1280 + value + ratio[frame]!;
    });
    return { expression: floats([ratio.length, 64], expression) };
  });
}

/** A PoseVAE that answers with the given chunk for each run, the same in all six columns. */
export function fakePoseVae(chunk: (run: number, mel: Float32Array) => Float32Array | Promise<Float32Array>): FakeModel {
  return new FakeModel(['mel', 'reference', 'latent', 'style'], async (feeds, run) => {
    const values = await chunk(run, feedOf(feeds, 'mel'));
    return { motion: floats([1, 32, 6], Float32Array.from({ length: 192 }, (_, i) => values[Math.floor(i / 6)]!)) };
  });
}

function feedOf(feeds: NamedTensors, name: string): Float32Array {
  const data = feeds[name]?.data;
  assert.ok(data instanceof Float32Array, name);
  return data;
}
