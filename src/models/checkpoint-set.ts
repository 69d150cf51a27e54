import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AvatarError } from '../base/errors.ts';
import { checkTensors, checkpointSource } from './checkpoint-source.ts';
import type { NetworkWidths } from './network-widths.ts';
import { RangedFile } from './ranged-file.ts';
import { safetensors } from './safetensors-file.ts';
import type { StoredTensor, StoredTensors } from './stored-tensor.ts';
import { mainCatalogue, mappingCatalogue } from './tensor-catalogue.ts';
import { stateDictionary, torchCheckpoint } from './torch-checkpoint.ts';
import type { TensorSource } from './weight-scope.ts';

/** Where the official files are published. */
export const OFFICIAL_RELEASE = 'https://github.com/OpenTalker/SadTalker/releases/tag/v0.0.2-rc';

/** Side of the pictures a main checkpoint makes, in pixels. */
export type PictureSize = 256 | 512;

const MAIN_FILES: readonly { size: PictureSize; file: string }[] = [
  { size: 256, file: 'SadTalker_V0.0.2_256.safetensors' },
  { size: 512, file: 'SadTalker_V0.0.2_512.safetensors' },
];

/** The mapping net for the modes with the whole picture takes three more coefficients (scale and position). */
const MAPPING_FILES: readonly { coefficients: number; file: string }[] = [
  { coefficients: 70, file: 'mapping_00229-model.pth.tar' },
  { coefficients: 73, file: 'mapping_00109-model.pth.tar' },
];

/** The files before the safetensors ones; together they are one main checkpoint for 256 pixels. */
const LEGACY_FILES: readonly { file: string; parts: readonly { key: string; prefix: string }[] }[] = [
  { file: 'facevid2vid_00189-model.pth.tar', parts: [{ key: 'generator', prefix: 'generator' }, { key: 'kp_detector', prefix: 'kp_extractor' }] },
  { file: 'auido2exp_00300-model.pth', parts: [{ key: 'model', prefix: 'audio2exp' }] },
  { file: 'auido2pose_00140-model.pth', parts: [{ key: 'model', prefix: 'audio2pose' }] },
  { file: 'epoch_20.pth', parts: [{ key: 'net_recon', prefix: 'face_3drecon' }] },
];

/** A folder of official checkpoints, opened and checked. */
export interface CheckpointSet extends Disposable {
  /** Weights of everything but the mapping nets, per picture size. */
  readonly mains: readonly { readonly size: PictureSize; readonly source: TensorSource }[];
  /** Weights of the mapping nets, per number of coefficients. */
  readonly mappings: readonly { readonly coefficients: number; readonly source: TensorSource }[];
  /** Files read. */
  readonly paths: readonly string[];
}

/**
 * Opens the checkpoints of a folder and checks every tensor's name and shape. The legacy set is read only where no
 * safetensors file is there, as the reference does.
 * @throws AvatarError `invalid_checkpoint` that names the file, what was expected and where the official one is published.
 */
export function openCheckpoints(folder: string, widths: NetworkWidths): CheckpointSet {
  const names = listFolder(folder);
  using opened = new DisposableStack();
  const open = (file: string): RangedFile => opened.use(new RangedFile(join(folder, file)));
  const present = MAIN_FILES.filter(({ file }) => names.includes(file));
  requireFiles(folder, names, [
    ...(present.length > 0 ? [] : missingMain(names)),
    ...MAPPING_FILES.map(({ file }) => file).filter((file) => !names.includes(file)),
  ]);
  const catalogue = mainCatalogue(widths);
  const mains = present.length > 0
    ? present.map(({ size, file }) => ({ size, source: checked(safetensors(open(file)), { path: join(folder, file), catalogue }) }))
    : [{ size: 256 as const, source: checked(legacyTensors(open), { path: folder, catalogue }) }];
  const mappings = MAPPING_FILES.map(({ coefficients, file }) => {
    const opened = open(file);
    const tensors = stateDictionary(opened, torchCheckpoint(opened), { key: 'mapping', prefix: 'mapping' });
    return { coefficients, source: checked(tensors, { path: opened.path, catalogue: mappingCatalogue(widths, coefficients) }) };
  });
  const files = [...(present.length > 0 ? present : LEGACY_FILES), ...MAPPING_FILES];
  const owned = opened.move();
  return { mains, mappings, paths: files.map(({ file }) => join(folder, file)), [Symbol.dispose]: () => { owned.dispose(); } };
}

function checked(tensors: StoredTensors, { path, catalogue }: { path: string; catalogue: ReturnType<typeof mainCatalogue> }): TensorSource {
  checkTensors(path, tensors, catalogue);
  return checkpointSource(tensors);
}

function legacyTensors(open: (file: string) => RangedFile): StoredTensors {
  const tensors = new Map<string, StoredTensor>();
  for (const { file, parts } of LEGACY_FILES) {
    const opened = open(file);
    const checkpoint = torchCheckpoint(opened);
    for (const part of parts) {
      for (const [name, tensor] of stateDictionary(opened, checkpoint, part)) {
        tensors.set(name, tensor);
      }
    }
  }
  return tensors;
}

/** Returns the legacy files that are not there, or the main files where there is no trace of a legacy set. */
function missingMain(names: readonly string[]): string[] {
  const legacy = LEGACY_FILES.map(({ file }) => file);
  const missing = legacy.filter((file) => !names.includes(file));
  return missing.length === legacy.length ? [MAIN_FILES.map(({ file }) => file).join(' or ')] : missing;
}

function requireFiles(folder: string, names: readonly string[], missing: readonly string[]): void {
  if (missing.length > 0) {
    const found = names.length === 0 ? 'nothing' : names.slice(0, 10).join(', ');
    throw new AvatarError('invalid_checkpoint', `${folder} lacks ${missing.join(', ')}; it holds ${found}. The official files, with these names, are at ${OFFICIAL_RELEASE}.`);
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw new AvatarError('invalid_checkpoint', `The folder ${folder} cannot be read. Name the folder with the checkpoints from ${OFFICIAL_RELEASE}.`, { cause });
  }
}
