import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OnnxThread } from '../../src/inference/onnx-thread.ts';
import { checkpointSource } from '../../src/models/checkpoint-source.ts';
import { openCheckpoints } from '../../src/models/checkpoint-set.ts';
import { writeGraphFile } from '../../src/models/graph-file.ts';
import { type NetworkWidths, OFFICIAL_WIDTHS } from '../../src/models/network-widths.ts';
import { mappingGraph, portraitGraph, renderGraph } from '../../src/models/pack-graphs.ts';
import { importCheckpoints } from '../../src/models/pack-importer.ts';
import { PACK_FORMAT, type PackGraph, type PackManifest } from '../../src/models/pack-manifest.ts';
import { mainCatalogue, mappingCatalogue } from '../../src/models/tensor-catalogue.ts';
import type { Goldens } from './goldens.ts';
import { MINI_SIZE, MINI_WIDTHS } from './mini-widths.ts';
import { coefficientParity, fullParity, inspectionFile, miniParity } from './network-parity.ts';
import type { ParityRow } from './parity-row.ts';
import { recipeCheckpoint } from './recipe.ts';
import { writeRecipeSet } from './recipe-checkpoints.ts';

/** What to compare. */
export interface ParityRun {
  readonly goldens: Goldens;
  readonly salt: string;
  /** Empty folder for checkpoints and packs. */
  readonly workFolder: string;
  readonly thread: OnnxThread;
  readonly threads?: number;
}

/** Imports the reduced networks (with the audio and face networks at their only width) and compares all of them. */
export async function compareMini({ goldens, salt, workFolder, thread }: ParityRun): Promise<ParityRow[]> {
  const pack = await importRecipe({ salt, widths: MINI_WIDTHS, size: MINI_SIZE, folder: join(workFolder, 'mini') });
  return [
    ...await miniParity(goldens, { ...pack, thread }, pack.inspection),
    ...await coefficientParity(goldens, { ...pack, thread }, salt),
  ];
}

/** Builds the graphs that one frame needs at official size, straight from the recipe (its files would take a gigabyte), and compares that frame. */
export async function compareFull({ goldens, salt, workFolder, thread, threads = 1 }: ParityRun): Promise<ParityRow[]> {
  const folder = join(workFolder, 'full');
  mkdirSync(folder, { recursive: true });
  const [widths, size, coefficients, precision] = [OFFICIAL_WIDTHS, 256, 70, 'fp32'] as const;
  const source = checkpointSource(recipeCheckpoint(salt, mainCatalogue(widths)), recipeCheckpoint(salt, mappingCatalogue(widths, coefficients)));
  const form = { source, widths, precision };
  const graphs = [
    { graph: 'portrait', precision, size, file: 'portrait.onnx', build: portraitGraph(form, size) },
    { graph: 'mapping', precision, coefficients, file: 'mapping.onnx', build: mappingGraph(form, coefficients) },
  ] as const;
  const written: PackGraph[] = [];
  for (const { build, ...about } of graphs) {
    written.push({ ...about, ...await writeGraphFile(join(folder, about.file), build), inputs: build.inputs, outputs: build.outputs });
  }
  const inspection = inspectionFile(folder);
  await writeGraphFile(inspection, renderGraph(form, { size, inspect: true }));
  return fullParity(goldens, { folder, manifest: { format: PACK_FORMAT, pack: 'sadtalker', sources: [], graphs: written }, thread, threads }, inspection);
}

/** Writes recipe checkpoints, imports them in float32, and adds a render graph with its inner maps as outputs. */
export async function importRecipe({ salt, widths, size, folder }: { salt: string; widths: NetworkWidths; size: number; folder: string }): Promise<{ folder: string; manifest: PackManifest; inspection: string }> {
  const checkpoints = join(folder, 'checkpoints');
  const packFolder = join(folder, 'pack');
  mkdirSync(checkpoints, { recursive: true });
  writeRecipeSet(checkpoints, salt, widths);
  const manifest = await importCheckpoints({ folder: checkpoints, packFolder, widths, precisions: ['fp32'], pictureSize: () => size });
  const inspection = inspectionFile(packFolder);
  using opened = openCheckpoints(checkpoints, widths);
  await writeGraphFile(inspection, renderGraph({ source: opened.mains[0]!.source, widths, precision: 'fp32' }, { size, inspect: true }));
  return { folder: packFolder, manifest, inspection };
}
