import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { timeGraph } from '../../loadtest/graph-timing.ts';
import { type GraphTiming, benchPack } from '../../loadtest/pack-bench.ts';
import { GraphBuilder } from '../../src/models/graph-builder.ts';
import { multiply } from '../../src/models/graph-layers.ts';
import { writeGraphFile } from '../../src/models/graph-file.ts';
import { PACK_FORMAT } from '../../src/models/pack-manifest.ts';

describe('the bench of a pack', () => {
  const packFolder = mkdtempSync(join(tmpdir(), 'orator-bench-'));

  /** A pack whose graphs double their input. */
  before(async () => {
    mkdirSync(join(packFolder, 'graphs-1'));
    const graphs = await Promise.all(['portrait', 'render', 'expnet'].flatMap((graph) => (['fp32', 'fp16'] as const).map(async (precision) => {
      const g = new GraphBuilder(graph, precision);
      g.output('y', multiply(g, g.input('x', ['frames', 4]), 2), ['frames', 4]);
      const file = `graphs-1/${graph}-${precision}.onnx`;
      const build = g.finish();
      return { graph, precision, file, ...await writeGraphFile(join(packFolder, file), build, {}), inputs: build.inputs, outputs: build.outputs };
    })));
    writeFileSync(join(packFolder, 'manifest.json'), JSON.stringify({ format: PACK_FORMAT, pack: 'sadtalker', sources: [], graphs }));
  });
  after(() => { rmSync(packFolder, { recursive: true }); });

  it('times the graphs, precisions, threads and batches that were asked for, a portrait one at a time', { timeout: 60_000 }, async () => {
    const timings: GraphTiming[] = [];
    for await (const timing of benchPack({ packFolder, graphs: ['portrait', 'render'], precisions: ['fp16'], threads: [1], batches: [1, 2], runs: 2 })) {
      timings.push(timing);
    }
    assert.deepEqual(timings.map(({ graph, threads, batch }) => [graph.graph, graph.precision, threads, batch]), [
      ['portrait', 'fp16', 1, 1], ['render', 'fp16', 1, 1], ['render', 'fp16', 1, 2],
    ]);
    assert.ok(timings.every(({ medianMs, p95Ms, peakBytes }) => medianMs > 0 && p95Ms >= medianMs && peakBytes > 1e7));
  });

  it('tells of a graph that cannot be run', { timeout: 60_000 }, async () => {
    await assert.rejects(timeGraph({ path: join(packFolder, 'nothing.onnx'), inputs: [], outputs: [], threads: 1, batch: 1, runs: 1 }), /ended with 1 before/);
  });
});
