import { join } from 'node:path';
import type { Precision } from './graph-builder.ts';
import { type PackGraph, readManifest } from './pack-manifest.ts';
import { type RunnableGraph, sampleInputs } from './sample-inputs.ts';

/** How long one graph takes in one setting. */
export interface GraphTiming {
  readonly graph: PackGraph;
  readonly threads: number;
  readonly batch: number;
  /** Milliseconds of one run, over the timed runs, divided by the batch. */
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Memory of the process after the runs, in bytes: the graph's weights and workspace are in it. */
  readonly residentBytes: number;
}

/** What to time. */
export interface PackBenchOptions {
  readonly packFolder: string;
  /** Loads a graph for so many threads, for example `(path, threads) => onnxThread.load(path, { intraOpThreads: threads })`. */
  readonly load: (path: string, threads: number) => Promise<RunnableGraph>;
  /** Default 1 and 2. */
  readonly threads?: readonly number[];
  /** Default 1 and 4. A portrait is always one. */
  readonly batches?: readonly number[];
  /** Default fp32 and fp16. */
  readonly precisions?: readonly Precision[];
  /** Timed runs in each setting, after one that warms up. Default 3. */
  readonly runs?: number;
  readonly onTiming?: (timing: GraphTiming) => void;
}

const DEFAULTS = Object.freeze({ threads: [1, 2], batches: [1, 4], precisions: ['fp32', 'fp16'] as readonly Precision[], runs: 3 });

/**
 * Times every graph of a pack on sample inputs, one setting after the other, one graph in memory at a time.
 * @throws AvatarError `model_missing` when there is no pack.
 */
export async function benchPack(options: PackBenchOptions): Promise<GraphTiming[]> {
  const { packFolder, load, threads, batches, precisions, runs, onTiming } = { ...DEFAULTS, ...options };
  const { graphs } = await readManifest(packFolder);
  const settings = graphs.filter(({ precision }) => precisions.includes(precision)).flatMap((graph) => threads.map((count) => ({ graph, threads: count })));
  const timings: GraphTiming[] = [];
  for (const setting of settings) {
    const model = await load(join(packFolder, setting.graph.file), setting.threads);
    try {
      for (const batch of setting.graph.graph === 'portrait' ? [1] : batches) {
        const timing = { ...setting, batch, ...await timed(model, { graph: setting.graph, batch, runs }) };
        onTiming?.(timing);
        timings.push(timing);
      }
    } finally {
      await model.close();
    }
  }
  return timings;
}

async function timed(model: RunnableGraph, { graph, batch, runs }: { graph: PackGraph; batch: number; runs: number }): Promise<Pick<GraphTiming, 'medianMs' | 'p95Ms' | 'residentBytes'>> {
  const feeds = sampleInputs(graph.inputs, batch);
  await model.run(feeds);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await model.run(feeds);
    times.push((performance.now() - start) / batch);
  }
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.min(runs - 1, Math.floor(part * runs))]!;
  return { medianMs: at(0.5), p95Ms: at(0.95), residentBytes: process.memoryUsage.rss() };
}
