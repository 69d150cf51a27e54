import { join } from 'node:path';
import { AvatarError } from '../base/errors.ts';
import { hashFile } from './file-hash.ts';
import { type PackGraph, type PackManifest, readManifest } from './pack-manifest.ts';
import { type RunTensors, type RunnableGraph, sampleInputs } from './sample-inputs.ts';

/** How one graph did. */
export interface GraphCheck {
  readonly graph: PackGraph;
  /** Milliseconds of one run with a batch of one. */
  readonly runMs: number;
  /** Largest and mean difference of the half-precision graph from the float32 one, over all outputs, relative to each float output's largest value. */
  readonly halfDifference?: { readonly largest: number; readonly mean: number };
}

/** What to verify. */
export interface VerifyOptions {
  readonly packFolder: string;
  /** Loads a graph, for example `(path) => onnxThread.load(path)`. */
  readonly load: (path: string) => Promise<RunnableGraph>;
  readonly onChecked?: (check: GraphCheck) => void;
}

/**
 * Compares every file of a pack with its hash, runs every graph once on sample inputs, and compares half precision with float32.
 * @throws AvatarError `model_missing` when a file is missing or changed, or a graph gives something that is no number.
 */
export async function verifyPack(options: VerifyOptions): Promise<GraphCheck[]> {
  const manifest = await readManifest(options.packFolder);
  const checks: GraphCheck[] = [];
  for (const graph of manifest.graphs) {
    if (graph.precision === 'fp32') {
      const full = await runOnce(options, graph);
      checks.push(report(options, { graph, runMs: full.runMs }));
      const half = halfOf(manifest, graph);
      if (half !== undefined) {
        const { outputs, runMs } = await runOnce(options, half);
        checks.push(report(options, { graph: half, runMs, halfDifference: difference(full.outputs, outputs) }));
      }
    }
  }
  return checks;
}

function report({ onChecked }: VerifyOptions, check: GraphCheck): GraphCheck {
  onChecked?.(check);
  return check;
}

function halfOf({ graphs }: PackManifest, { graph, size, coefficients }: PackGraph): PackGraph | undefined {
  return graphs.find((each) => each.precision === 'fp16' && each.graph === graph && each.size === size && each.coefficients === coefficients);
}

async function runOnce({ packFolder, load }: VerifyOptions, graph: PackGraph): Promise<{ outputs: RunTensors; runMs: number }> {
  const path = join(packFolder, graph.file);
  const { sha256 } = await hashFile(path).catch((cause: unknown) => {
    throw new AvatarError('model_missing', `${path} cannot be read. Run \`orator models import <folder>\` again.`, { cause });
  });
  if (sha256 !== graph.sha256) {
    throw new AvatarError('model_missing', `${path} has changed since it was imported. Run \`orator models import <folder>\` again.`);
  }
  const model = await load(path);
  try {
    const feeds = sampleInputs(graph.inputs);
    const start = performance.now();
    const outputs = await model.run(feeds);
    const runMs = performance.now() - start;
    requireNumbers(path, outputs);
    return { outputs, runMs };
  } finally {
    await model.close();
  }
}

function requireNumbers(path: string, outputs: RunTensors): void {
  for (const [name, { data }] of Object.entries(outputs)) {
    if (data instanceof Float32Array && !data.every((value) => Number.isFinite(value))) {
      throw new AvatarError('model_missing', `The output ${name} of ${path} is not a number everywhere. Run \`orator models import <folder>\` again.`);
    }
  }
}

function difference(full: RunTensors, half: RunTensors): { largest: number; mean: number } {
  let [largest, sum, count] = [0, 0, 0];
  for (const [name, { data }] of Object.entries(full)) {
    if (!(data instanceof Float32Array)) {
      continue;
    }
    const other = half[name]?.data ?? new Float32Array(data.length);
    let scale = Number.MIN_VALUE;
    for (const value of data) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (let i = 0; i < data.length; i++) {
      const apart = Math.abs(data[i]! - Number(other[i]!)) / scale;
      largest = Math.max(largest, apart);
      sum += apart;
    }
    count += data.length;
  }
  return { largest, mean: sum / count };
}
