import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type CheckpointSet, openCheckpoints } from './checkpoint-set.ts';
import { hashFile } from './file-hash.ts';
import type { Precision } from './graph-builder.ts';
import { writeGraphFile } from './graph-file.ts';
import { type NetworkWidths, OFFICIAL_WIDTHS } from './network-widths.ts';
import { type OnnxGraph, onnxModelFile } from './onnx-model-file.ts';
import { expNetGraph, face3dGraph, mappingGraph, portraitGraph, poseVaeGraph, renderGraph } from './pack-graphs.ts';
import { GRAPH_FOLDER_PREFIX, type HashedFile, PACK_FORMAT, type PackGraph, type PackManifest, publishManifest, removeUnnamedGraphs } from './pack-manifest.ts';
import type { TensorSource } from './weight-scope.ts';

/** How far an import is. */
export interface ImportProgress {
  /** File under way. */
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What to import and how. */
export interface ImportOptions {
  /** Folder with the official checkpoints. */
  readonly folder: string;
  /** Folder the pack goes to, for example `models/sadtalker`. */
  readonly packFolder: string;
  /** Widths of the networks. Default: the official ones. */
  readonly widths?: NetworkWidths;
  /** Precisions to write. Default: both. */
  readonly precisions?: readonly Precision[];
  /** Side of the pictures a main checkpoint makes, where it is not the one in its name (reduced widths in tests). */
  readonly pictureSize?: (size: number) => number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
}

const BOTH: readonly Precision[] = Object.freeze(['fp32', 'fp16']);

interface PlannedGraph extends Omit<PackGraph, keyof HashedFile | 'inputs' | 'outputs'> {
  readonly build: OnnxGraph;
}

/**
 * Imports official checkpoints: checks them, folds their norms, and writes one ONNX file per graph, size and precision with a
 * manifest of hashes. The old pack counts until the new one is whole; an import that fails or is aborted leaves it as it was.
 * @throws AvatarError `invalid_checkpoint` when a file is missing, damaged or not the official one.
 */
export async function importCheckpoints(options: ImportOptions): Promise<PackManifest> {
  const { folder, packFolder, widths = OFFICIAL_WIDTHS, precisions = BOTH, signal } = options;
  using checkpoints = openCheckpoints(folder, widths);
  const plan = precisions.flatMap((precision) => plannedGraphs(checkpoints, { widths, precision, pictureSize: options.pictureSize ?? ((size) => size) }));
  const progress = progressCounter(options, [
    ...plan.map(({ build }) => onnxModelFile(build).byteLength),
    ...checkpoints.paths.map((path) => statSync(path).size),
  ]);
  const graphFolder = join(packFolder, GRAPH_FOLDER_PREFIX + randomUUID());
  // Not a temporary folder: those only their own user can read, and another may run the server.
  await mkdir(graphFolder, { recursive: true });
  let manifest: PackManifest;
  try {
    const sources = await hashSources(checkpoints.paths, { signal, progress });
    manifest = { format: PACK_FORMAT, pack: 'sadtalker', sources, graphs: await writeGraphs(graphFolder, plan, { signal, progress }) };
    signal?.throwIfAborted();
    await publishManifest(packFolder, manifest);
  } catch (error) {
    await rm(graphFolder, { recursive: true, force: true });
    throw error;
  }
  await removeUnnamedGraphs(packFolder, manifest);
  return manifest;
}

interface Watch {
  readonly signal: AbortSignal | undefined;
  readonly progress: (file: string, count: number) => void;
}

async function hashSources(paths: readonly string[], { signal, progress }: Watch): Promise<HashedFile[]> {
  const sources: HashedFile[] = [];
  for (const path of paths) {
    const file = basename(path);
    sources.push({ file, ...await hashFile(path, { signal, onBytes: (count) => { progress(file, count); } }) });
  }
  return sources;
}

async function writeGraphs(graphFolder: string, plan: readonly PlannedGraph[], { signal, progress }: Watch): Promise<PackGraph[]> {
  const graphs: PackGraph[] = [];
  for (const { build, ...about } of plan) {
    const name = `${[about.graph, about.size, about.coefficients, about.precision].filter((part) => part !== undefined).join('-')}.onnx`;
    const written = await writeGraphFile(join(graphFolder, name), build, { signal, onBytes: (count) => { progress(name, count); } });
    graphs.push({ ...about, file: `${basename(graphFolder)}/${name}`, ...written, inputs: build.inputs, outputs: build.outputs });
  }
  return graphs;
}

function plannedGraphs(checkpoints: CheckpointSet, form: { widths: NetworkWidths; precision: Precision; pictureSize: (size: number) => number }): PlannedGraph[] {
  const { widths, precision } = form;
  const from = (source: TensorSource): { source: TensorSource; widths: NetworkWidths; precision: Precision } => ({ source, widths, precision });
  const sized = checkpoints.mains.flatMap(({ size, source }): PlannedGraph[] => [
    { graph: 'portrait', precision, size, build: portraitGraph(from(source), form.pictureSize(size)) },
    { graph: 'render', precision, size, build: renderGraph(from(source), { size: form.pictureSize(size) }) },
  ]);
  const mappings = checkpoints.mappings.map(({ coefficients, source }): PlannedGraph => (
    { graph: 'mapping', precision, coefficients, build: mappingGraph(from(source), coefficients) }));
  // Audio and face networks are the same in both main checkpoints.
  const { source } = checkpoints.mains[0]!;
  return [
    ...sized, ...mappings,
    { graph: 'expnet', precision, build: expNetGraph(from(source)) },
    { graph: 'posevae', precision, build: poseVaeGraph(from(source)) },
    { graph: 'face3d', precision, build: face3dGraph(from(source)) },
  ];
}

function progressCounter({ onProgress }: ImportOptions, sizes: readonly number[]): (file: string, count: number) => void {
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  let doneBytes = 0;
  return (file, count) => {
    doneBytes += count;
    onProgress?.({ file, doneBytes, totalBytes });
  };
}
