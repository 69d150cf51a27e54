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
  /** Difference of the half-precision graph from the float32 one, in the output where each is worst, relative to that output's largest value. */
  readonly halfDifference?: { readonly largest: number; readonly mean: number };
}

/** Most mean difference of an output in half precision: sound graphs stay under a twentieth of it, nonsense is over it ten times. */
const MOST_HALF_DIFFERENCE = 0.02;

/** What to verify. */
export interface VerifyOptions {
  readonly packFolder: string;
  /** Loads a graph, for example `(path) => onnxThread.load(path)`. */
  readonly load: (path: string) => Promise<RunnableGraph>;
  readonly onChecked?: (check: GraphCheck) => void;
}

/**
 * Compares every file of a pack with its hash, runs every graph once on sample inputs, and compares half precision with float32.
 * @throws AvatarError `model_missing` when a file is missing or changed, or a graph gives something that is
 * no number, or in half precision something else than in full.
 */
export async function verifyPack(options: VerifyOptions): Promise<GraphCheck[]> {
  const manifest = await readManifest(options.packFolder);
  const checks: GraphCheck[] = [];
  for (const graph of manifest.graphs.filter((each) => each.precision === 'fp32' || twinOf(manifest, each) === undefined)) {
    const full = await runOnce(options, graph);
    checks.push(report(options, { graph, runMs: full.runMs }));
    const half = twinOf(manifest, graph);
    if (half !== undefined) {
      const { outputs, runMs } = await runOnce(options, half);
      checks.push(report(options, { graph: half, runMs, halfDifference: halfDifference(join(options.packFolder, half.file), full.outputs, outputs) }));
    }
  }
  return checks;
}

function report({ onChecked }: VerifyOptions, check: GraphCheck): GraphCheck {
  onChecked?.(check);
  return check;
}

/** Returns the same graph in the other precision, where the pack has it. */
function twinOf({ graphs }: PackManifest, { graph, precision, size, coefficients }: PackGraph): PackGraph | undefined {
  return graphs.find((each) => each.precision !== precision && each.graph === graph && each.size === size && each.coefficients === coefficients);
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

function halfDifference(path: string, full: RunTensors, half: RunTensors): { largest: number; mean: number } {
  const differences = Object.entries(full).filter(([, { data }]) => data instanceof Float32Array).map(([name, { data }]) => {
    const found = difference(data as Float32Array, half[name]?.data ?? []);
    // Written so that a difference that is no number is too much as well.
    if (!(found.mean <= MOST_HALF_DIFFERENCE)) {
      throw new AvatarError('model_missing', `The output ${name} of ${path} differs from full precision by ${(100 * found.mean).toFixed(1)} % of its range, more than ${100 * MOST_HALF_DIFFERENCE} %: its weights are too large for halves, or damaged. Check the checkpoints, or use sadtalker.precision fp32.`);
    }
    return found;
  });
  return { largest: Math.max(0, ...differences.map(({ largest }) => largest)), mean: Math.max(0, ...differences.map(({ mean }) => mean)) };
}

/** Largest and mean difference of two outputs of one graph, relative to the largest value of the first. */
function difference(full: Float32Array, half: ArrayLike<number | bigint>): { largest: number; mean: number } {
  if (half.length !== full.length) {
    return { largest: NaN, mean: NaN };
  }
  let [scale, largest, sum] = [Number.MIN_VALUE, 0, 0];
  for (const value of full) {
    scale = Math.max(scale, Math.abs(value));
  }
  for (let i = 0; i < full.length; i++) {
    const apart = Math.abs(full[i]! - Number(half[i])) / scale;
    largest = Math.max(largest, apart);
    sum += apart;
  }
  return { largest, mean: sum / full.length };
}
