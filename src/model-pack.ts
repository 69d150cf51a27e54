import { OnnxThread } from './inference/onnx-thread.ts';
import { importCheckpoints } from './models/pack-importer.ts';
import type { ImportProgress } from './models/pack-importer.ts';
import { readManifest } from './models/pack-manifest.ts';
import { verifyPack } from './models/pack-verifier.ts';

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

/** What `orator models …` needs. */
export interface ModelPackOptions {
  /** Folder of the imported networks: the setting `sadtalker.folder`. */
  readonly packFolder: string;
  /** Takes one line for the user. */
  readonly print: (line: string) => void;
}

/**
 * Imports the official checkpoints of a folder as ONNX graphs.
 * @throws AvatarError naming the file, what was expected of it and where the official ones are published.
 */
export async function importModels(folder: string, options: ModelPackOptions & { onProgress: (progress: ImportProgress) => void; signal: AbortSignal }): Promise<void> {
  const { packFolder } = options;
  const { graphs } = await importCheckpoints({ folder, packFolder, signal: options.signal, onProgress: options.onProgress });
  options.print(`${packFolder}: ${graphs.length} graphs, ${megabytes(graphs.reduce((sum, { byteLength }) => sum + byteLength, 0))}.`);
}

/** Prints what is imported. @throws AvatarError `model_missing` when nothing is. */
export async function listModels({ packFolder, print }: ModelPackOptions): Promise<void> {
  const { pack, sources, graphs } = await readManifest(packFolder);
  print(`${pack}, from ${sources.map(({ file }) => file).join(', ')}`);
  for (const { file, byteLength, sha256 } of graphs) {
    print(`  ${file.padEnd(44)} ${megabytes(byteLength).padStart(10)}  ${sha256.slice(0, 12)}`);
  }
}

/**
 * Runs each imported graph once and compares half precision with full.
 * @throws AvatarError `model_missing` when a file is missing or changed.
 */
export async function verifyModels({ packFolder, print }: ModelPackOptions): Promise<void> {
  await using thread = new OnnxThread();
  await verifyPack({
    packFolder,
    load: (path) => thread.load(path),
    onChecked: ({ graph, runMs, halfDifference }) => {
      print(`  ${graph.file.padEnd(44)} ${runMs.toFixed(0).padStart(7)} ms${halfDifference === undefined ? '' : `  differs from fp32 by ${halfDifference.largest.toExponential(1)} at most`}`);
    },
  });
  print('Every graph is whole and runs.');
}
