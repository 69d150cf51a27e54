import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Precision } from '../src/models/graph-builder.ts';
import { type GraphName, type PackGraph, readManifest } from '../src/models/pack-manifest.ts';
import { percentile } from './figures.ts';
import { timeGraph } from './graph-timing.ts';

const TORCH_FRAME = fileURLToPath(new URL('../models/sadtalker-torch-frame.py', import.meta.url));

/** How long one graph takes in one setting. */
export interface GraphTiming {
  readonly graph: PackGraph;
  readonly threads: number;
  readonly batch: number;
  /** Milliseconds of one frame: a run's time divided by the batch. */
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Most memory of the process that ran it, in bytes. */
  readonly peakBytes: number;
}

/** What to time; each field left out takes everything. */
export interface PackBenchOptions {
  readonly packFolder: string;
  readonly graphs?: readonly GraphName[];
  /** Default fp32 and fp16. */
  readonly precisions?: readonly Precision[];
  /** Default 1 and 2. */
  readonly threads?: readonly number[];
  /** Default 1 and 4. A portrait is always one. */
  readonly batches?: readonly number[];
  /** Timed runs in each setting, after one that warms up. Default 3. */
  readonly runs?: number;
}

/** Settings of a bench of which nothing is said. */
export const PACK_BENCH_DEFAULTS = Object.freeze({ threads: [1, 2], batches: [1, 4], precisions: ['fp32', 'fp16'] as readonly Precision[], runs: 3 });

/**
 * Times graphs of a pack on sample inputs, one setting after the other as they are asked for, each in a process of its own.
 * @throws AvatarError `model_missing` when there is no pack.
 */
export async function* benchPack(options: PackBenchOptions): AsyncGenerator<GraphTiming> {
  const { packFolder, graphs, precisions, threads, batches, runs } = { ...PACK_BENCH_DEFAULTS, ...options };
  const manifest = await readManifest(packFolder);
  for (const graph of manifest.graphs.filter((each) => precisions.includes(each.precision) && (graphs?.includes(each.graph) ?? true))) {
    // What the runs are measured on is the floats, which the reference gives too.
    const outputs = graph.outputs.filter(({ type }) => type !== 'uint8').map(({ name }) => name);
    for (const setting of settingsOf(graph, { threads, batches })) {
      const { frameMs, peakBytes } = await timeGraph({ path: join(packFolder, graph.file), inputs: graph.inputs, outputs, ...setting, runs });
      yield { graph, ...setting, medianMs: percentile(frameMs, 0.5), p95Ms: percentile(frameMs, 0.95), peakBytes };
    }
  }
}

function settingsOf({ graph }: PackGraph, { threads, batches }: { threads: readonly number[]; batches: readonly number[] }): { threads: number; batch: number }[] {
  return threads.flatMap((count) => (graph === 'portrait' ? [1] : batches).map((batch) => ({ threads: count, batch })));
}

/** How long PyTorch takes for the per-frame part of the renderer. */
export interface TorchTiming {
  readonly medianMs: number;
  /** Version of PyTorch. */
  readonly torch: string;
  readonly threads: number;
  readonly size: number;
  readonly batch: number;
}

/**
 * Times the renderer's frame in PyTorch, with the given interpreter.
 * @throws Error when it has no PyTorch.
 */
export async function benchTorch(python: string, { threads, runs, size, batch }: { threads: number; runs: number; size: number; batch: number }): Promise<TorchTiming> {
  const numbers = Object.entries({ threads, runs, size, batch }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout } = await promisify(execFile)(python, [TORCH_FRAME, ...numbers]);
  return JSON.parse(stdout) as TorchTiming;
}
