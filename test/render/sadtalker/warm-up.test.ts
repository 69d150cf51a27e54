import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NeuralFrame, NeuralNetworks } from '../../../src/render/sadtalker/neural-networks.ts';
import { measureBatches } from '../../../src/render/sadtalker/warm-up.ts';

/** Networks that tell what they are asked to draw: how many frames, of how many portraits. */
function networks(draws: (frames: number) => Promise<void>): { networks: NeuralNetworks; drawn: [frames: number, portraits: number][] } {
  const drawn: [number, number][] = [];
  let portraits = 0;
  const made = {
    sizePx: 16, columns: 1,
    prepare: () => {
      portraits += 1;
      return Promise.resolve({ number: portraits });
    },
    draw: async (frames: readonly NeuralFrame[]) => {
      drawn.push([frames.length, new Set(frames.map(({ portrait }) => portrait.number)).size]);
      await draws(frames.length);
      return new Uint8Array(frames.length * 3 * 256);
    },
  };
  return { networks: made as unknown as NeuralNetworks, drawn };
}

const instantly = (): Promise<void> => Promise.resolve();
const sizesOf = (drawn: readonly [number, number][]): number[] => [...new Set(drawn.map(([frames]) => frames))];

test('every batch size is measured, with as many portraits', async () => {
  const bench = networks(instantly);
  const { batchMs, stopped } = await measureBatches(bench.networks, { batch: 3, batchBelowMs: Infinity, settles: true });
  assert.equal(batchMs.length, 3);
  assert.equal(stopped, undefined);
  assert.deepEqual(bench.drawn, [1, 2, 3].flatMap((size) => Array.from({ length: 4 }, () => [size, size])), 'each once to set up, and three times');
});

test('where one frame is slow there are no larger batches', async () => {
  const bench = networks(() => new Promise((resolve) => { setTimeout(resolve, 20); }));
  assert.equal((await measureBatches(bench.networks, { batch: 4, batchBelowMs: 10, settles: true })).batchMs.length, 1);
  assert.deepEqual(sizesOf(bench.drawn), [1]);
});

test('a batch that fails is left out with all larger ones, and the reason is told; a failing frame is the failure', async () => {
  const failsFrom = (most: number) => (frames: number): Promise<void> => (frames >= most ? Promise.reject(new Error('out of memory')) : Promise.resolve());
  const bench = networks(failsFrom(3));
  const { batchMs, stopped } = await measureBatches(bench.networks, { batch: 4, batchBelowMs: Infinity, settles: true });
  assert.equal(batchMs.length, 2);
  assert.equal(stopped, 'batches of 3 do not run: out of memory');
  assert.deepEqual(sizesOf(bench.drawn), [1, 2, 3]);
  await assert.rejects(measureBatches(networks(failsFrom(1)).networks, { batch: 4, batchBelowMs: Infinity, settles: true }), /out of memory/);
});
