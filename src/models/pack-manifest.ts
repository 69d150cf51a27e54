import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AvatarError } from '../base/errors.ts';
import type { PictureSize } from './checkpoint-set.ts';
import type { Precision } from './graph-builder.ts';
import type { OnnxPort } from './onnx-model-file.ts';

/** Changes when graphs or their inputs and outputs change, so that an old import is noticed. */
export const PACK_FORMAT = 2;

/** Graphs of a pack. */
export type GraphName = 'portrait' | 'mapping' | 'render' | 'expnet' | 'posevae' | 'face3d';

/** A file by its content. */
export interface HashedFile {
  readonly file: string;
  readonly byteLength: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** One graph of a pack. */
export interface PackGraph extends HashedFile {
  readonly graph: GraphName;
  readonly precision: Precision;
  /** Side of its pictures, for `portrait` and `render`. */
  readonly size?: PictureSize;
  /** Coefficients of its windows, for `mapping`. */
  readonly coefficients?: number;
  /** Its inputs and outputs; a name in `dims` is a free axis. */
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/** What a pack holds and where it came from. */
export interface PackManifest {
  readonly format: number;
  readonly pack: 'sadtalker';
  /** Files that were imported. */
  readonly sources: readonly HashedFile[];
  /** Graphs; `file` is relative to the pack's folder. */
  readonly graphs: readonly PackGraph[];
}

const MANIFEST_FILE = 'manifest.json';

/** Prefix of the folders with graphs: each import makes its own, and the manifest names the one that counts. */
export const GRAPH_FOLDER_PREFIX = 'graphs-';

/**
 * Returns the manifest of a pack.
 * @throws AvatarError `model_missing` when there is none or it is of another format.
 */
export async function readManifest(packFolder: string): Promise<PackManifest> {
  const path = join(packFolder, MANIFEST_FILE);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AvatarError('model_missing', `${packFolder} holds no imported pack. Run \`orator models import <folder>\`.`, { cause });
  });
  const manifest = parsed(text);
  if (!isManifest(manifest)) {
    throw new AvatarError('model_missing', `${path} is damaged or of another version of this program. Run \`orator models import <folder>\` again.`);
  }
  return manifest;
}

/** Makes a pack's manifest the one that counts, in one step: a reader sees the old pack or the new one. */
export async function publishManifest(packFolder: string, manifest: PackManifest): Promise<void> {
  const path = join(packFolder, MANIFEST_FILE);
  await writeFile(`${path}.new`, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  await rename(`${path}.new`, path);
}

/** Removes the folders of graphs that a pack's manifest does not name. */
export async function removeUnnamedGraphs(packFolder: string, manifest: PackManifest): Promise<void> {
  const used = new Set(manifest.graphs.map(({ file }) => file.slice(0, file.indexOf('/'))));
  const folders = (await readdir(packFolder)).filter((name) => name.startsWith(GRAPH_FOLDER_PREFIX) && !used.has(name));
  await Promise.all(folders.map((name) => rm(join(packFolder, name), { recursive: true, force: true })));
}

/**
 * Returns the path of one graph of a pack.
 * @throws AvatarError `model_missing` when the pack has no such graph.
 */
export function graphPath(packFolder: string, manifest: PackManifest, wanted: Pick<PackGraph, 'graph' | 'precision' | 'size' | 'coefficients'>): string {
  const found = manifest.graphs.find((each) => each.graph === wanted.graph && each.precision === wanted.precision
    && each.size === wanted.size && each.coefficients === wanted.coefficients);
  if (found === undefined) {
    throw new AvatarError('model_missing', `${packFolder} has no ${Object.values(wanted).join(' ')}. Import the checkpoint it comes from with \`orator models import <folder>\`.`);
  }
  return join(packFolder, found.file);
}

/** Says whether what was read is a whole manifest of this format. */
function isManifest(value: unknown): value is PackManifest {
  return isRecord(value) && value['format'] === PACK_FORMAT && isListOf(value['sources'], isHashedFile)
    && isListOf(value['graphs'], (graph) => isHashedFile(graph) && isListOf(graph['inputs'], isRecord) && isListOf(graph['outputs'], isRecord));
}

function isHashedFile(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && typeof value['file'] === 'string' && typeof value['sha256'] === 'string';
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every((one) => isOne(one));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Returns what the text says, or nothing when it is no JSON: a damaged manifest counts like one of another version. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}
