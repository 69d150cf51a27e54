import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import { OnnxThread } from '../../src/inference/onnx-thread.ts';
import { importCheckpoints } from '../../src/models/pack-importer.ts';
import { type PackManifest, graphPath, readManifest } from '../../src/models/pack-manifest.ts';
import { type GraphCheck, verifyPack } from '../../src/models/pack-verifier.ts';
import { type RunnableGraph, sampleInputs } from '../../src/models/sample-inputs.ts';
import type { StoredTensor } from '../../src/models/stored-tensor.ts';
import { mainCatalogue } from '../../src/models/tensor-catalogue.ts';
import { writeSafetensors, writeTorchLegacy, writeTorchZip } from './checkpoint-writer.ts';
import { MINI_SIZE, MINI_WIDTHS } from './mini-widths.ts';
import { recipeCheckpoint } from './recipe.ts';
import { MAIN_FILE, MAPPING_70_FILE, MAPPING_73_FILE, mappingState, withoutPrefix, writeRecipeSet } from './recipe-checkpoints.ts';

const SALT = 'import';
const widths = MINI_WIDTHS;
const pictureSize = (): number => MINI_SIZE;
const isInvalid = (...patterns: RegExp[]) => (error: unknown): boolean => {
  assert.ok(error instanceof AvatarError && error.code === 'invalid_checkpoint', String(error));
  for (const pattern of patterns) {
    assert.match(error.message, pattern);
  }
  return true;
};

function halfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

describe('an import', () => {
  const root = mkdtempSync(join(tmpdir(), 'orator-import-'));
  const official = join(root, 'official');
  const packFolder = join(root, 'pack');
  const progress: { file: string; doneBytes: number; totalBytes: number }[] = [];
  let manifest: PackManifest;

  /** A folder with the mapping nets, into which a test puts its own main file. */
  const folderWith = (name: string): string => {
    const folder = join(root, name);
    mkdirSync(folder);
    for (const file of [MAPPING_70_FILE, MAPPING_73_FILE]) {
      copyFileSync(join(official, file), join(folder, file));
    }
    return folder;
  };
  const importFrom = (folder: string, signal?: AbortSignal): Promise<PackManifest> =>
    importCheckpoints({ folder, packFolder, widths, pictureSize, ...(signal === undefined ? {} : { signal }) });
  const packFiles = (): string[] => readdirSync(packFolder, { recursive: true, encoding: 'utf8' }).sort();

  before(async () => {
    mkdirSync(official);
    writeRecipeSet(official, SALT, widths);
    manifest = await importCheckpoints({ folder: official, packFolder, widths, pictureSize, onProgress: (step) => { progress.push(step); } });
  });
  after(() => { rmSync(root, { recursive: true }); });

  it('writes every graph in both precisions and a manifest of hashes', async () => {
    assert.deepEqual(await readManifest(packFolder), JSON.parse(JSON.stringify(manifest)));
    assert.deepEqual(manifest.graphs.map(({ graph, size, coefficients, precision }) => [graph, size ?? coefficients ?? 0, precision].join(' ')).sort(), ['fp16', 'fp32'].flatMap((precision) => [
      `portrait 256 ${precision}`, `render 256 ${precision}`, `mapping 70 ${precision}`, `mapping 73 ${precision}`, `expnet 0 ${precision}`, `posevae 0 ${precision}`, `face3d 0 ${precision}`,
    ]).sort());
    assert.deepEqual(manifest.sources.map(({ file }) => file), [MAIN_FILE, MAPPING_70_FILE, MAPPING_73_FILE]);
    assert.ok([...manifest.graphs, ...manifest.sources].every(({ sha256, byteLength }) => /^[0-9a-f]{64}$/.test(sha256) && byteLength > 0));
    assert.deepEqual(packFiles(), ['manifest.json', manifest.graphs[0]?.file.split('/')[0], ...manifest.graphs.map(({ file }) => file)].sort());
  });

  it('tells how far it is, up to the end', () => {
    const last = progress.at(-1);
    assert.equal(last?.doneBytes, last?.totalBytes);
    assert.ok(progress.every(({ doneBytes }, i) => i === 0 || doneBytes >= (progress[i - 1]?.doneBytes ?? 0)));
  });

  it('makes graphs that run, halves close to float32', { timeout: 60_000 }, async () => {
    await using thread = new OnnxThread();
    const seen: GraphCheck[] = [];
    const checks = await verifyPack({ packFolder, load: (path) => thread.load(path), onChecked: (check) => { seen.push(check); } });
    assert.deepEqual(checks, seen);
    assert.equal(checks.length, manifest.graphs.length);
    for (const { graph, halfDifference } of checks) {
      assert.equal(halfDifference !== undefined, graph.precision === 'fp16');
      assert.ok((halfDifference?.mean ?? 0) < 2e-3 && (halfDifference?.largest ?? 0) < 0.05, `${graph.file}: ${JSON.stringify(halfDifference)}`);
    }
  });

  it('is refused when a graph gives something else in half precision', { timeout: 60_000 }, async () => {
    await using thread = new OnnxThread();
    const load = async (path: string): Promise<RunnableGraph> => {
      const model = await thread.load(path);
      return path.includes('expnet-fp16') ? {
        run: async (feeds) => {
          const { expression } = await model.run(feeds);
          return { expression: { dims: [1, 64], data: (expression?.data as Float32Array).toReversed() } };
        },
        close: () => model.close(),
      } : model;
    };
    await assert.rejects(verifyPack({ packFolder, load }), { code: 'model_missing', message: /The output expression of \S+expnet-fp16\.onnx differs from full precision by \d+\.\d % of its range/ });
  });

  it('of halves alone is verified too', { timeout: 60_000 }, async () => {
    const halves = join(root, 'halves');
    const [graphs = ''] = packFiles().filter((name) => /^graphs-[^/]+$/.test(name));
    mkdirSync(halves);
    symlinkSync(join(packFolder, graphs), join(halves, graphs));
    writeFileSync(join(halves, 'manifest.json'), JSON.stringify({ ...manifest, graphs: manifest.graphs.filter(({ precision }) => precision === 'fp16') }));
    await using thread = new OnnxThread();
    assert.equal((await verifyPack({ packFolder: halves, load: (path) => thread.load(path) })).length, 7);
  });

  it('whose manifest is damaged counts as missing, however much of it is left', async () => {
    const damaged = join(root, 'damaged');
    mkdirSync(damaged);
    const [graph] = manifest.graphs;
    for (const left of ['', 'null', '[]', '{"format":2}', '{"format":2,"sources":[],"graphs":{}}', JSON.stringify({ ...manifest, graphs: [null] }), JSON.stringify({ ...manifest, graphs: [{ ...graph, file: 7 }] }), JSON.stringify({ ...manifest, format: 1 })]) {
      writeFileSync(join(damaged, 'manifest.json'), left);
      await assert.rejects(readManifest(damaged), { code: 'model_missing' }, left);
    }
  });

  it('makes frames in 8 bits too, alone where only they are wanted', async () => {
    await using thread = new OnnxThread();
    for (const precision of ['fp32', 'fp16'] as const) {
      const [graph] = manifest.graphs.filter((each) => each.graph === 'render' && each.precision === precision);
      await using model = await thread.load(join(packFolder, graph?.file ?? ''));
      const feeds = sampleInputs(graph?.inputs ?? [], 2);
      const { frames, pixels } = await model.run(feeds, { outputs: ['frames', 'pixels'] });
      assert.deepEqual(pixels, { dims: [2, 3, MINI_SIZE, MINI_SIZE], data: Uint8Array.from(frames?.data as Float32Array, (value) => halfToEven(Math.fround(255 * value))) });
      assert.deepEqual(await model.run(feeds, { outputs: ['pixels'] }), { pixels });
    }
  });

  it('that is aborted leaves the old pack', async () => {
    const files = packFiles();
    const stop = new AbortController();
    const stopped = importCheckpoints({ folder: official, packFolder, widths, pictureSize, signal: stop.signal, onProgress: ({ doneBytes, totalBytes }) => {
      if (doneBytes > totalBytes / 2) {
        stop.abort();
      }
    } });
    await assert.rejects(stopped, { name: 'AbortError' });
    assert.deepEqual(packFiles(), files);
    assert.deepEqual(await readManifest(packFolder), JSON.parse(JSON.stringify(manifest)));
  });

  it('names files that are missing, what is there instead, and where the official ones are', async () => {
    const folder = folderWith('missing');
    renameSync(join(folder, MAPPING_73_FILE), join(folder, 'mapping (1).pth.tar'));
    await assert.rejects(importFrom(folder), isInvalid(/SadTalker_V0\.0\.2_256\.safetensors or SadTalker_V0\.0\.2_512\.safetensors/, /mapping_00109-model\.pth\.tar/, /holds mapping \(1\)\.pth\.tar/, /github\.com\/OpenTalker/));
    await assert.rejects(importFrom(join(root, 'nowhere')), isInvalid(/nowhere cannot be read/));
  });

  it('names a file that is truncated', async () => {
    const folder = folderWith('truncated');
    copyFileSync(join(official, MAIN_FILE), join(folder, MAIN_FILE));
    truncateSync(join(folder, MAIN_FILE), 1_000_000);
    await assert.rejects(importFrom(folder), isInvalid(/_256\.safetensors is truncated: \S+ ends at byte \d+ of 1000000/));
  });

  it('names tensors that are renamed or of another shape', async () => {
    const folder = folderWith('other');
    const tensors = new Map(recipeCheckpoint(SALT, mainCatalogue(widths)));
    tensors.delete('generator.fourth.bias');
    tensors.set('generator.fifth.bias', { shape: [32], type: 'float32', readBytes: () => new Uint8Array(128) });
    tensors.set('kp_extractor.kp.bias', { shape: [16], type: 'float32', readBytes: () => new Uint8Array(64) });
    writeSafetensors(join(folder, MAIN_FILE), tensors);
    await assert.rejects(importFrom(folder), isInvalid(/missing: generator\.fourth\.bias/, /kp_extractor\.kp\.bias is 16 and should be 15/, /unknown: generator\.fifth\.bias/));
  });

  it('names a weight of whole numbers', async () => {
    const folder = folderWith('whole');
    const tensors = new Map(recipeCheckpoint(SALT, mainCatalogue(widths)));
    tensors.set('kp_extractor.kp.bias', { shape: [15], type: 'int64', readBytes: () => new Uint8Array(120) });
    writeSafetensors(join(folder, MAIN_FILE), tensors);
    await assert.rejects(importFrom(folder), isInvalid(/without fractions: kp_extractor\.kp\.bias is int64/));
  });

  it('can be read by other users of the machine as far as its folder can', () => {
    const [graphs = ''] = packFiles().filter((name) => name.startsWith('graphs-'));
    assert.equal(statSync(join(packFolder, graphs)).mode & 0o777, statSync(packFolder).mode & 0o777);
  });

  it('names a mapping net in the place of another', async () => {
    const folder = folderWith('swapped');
    copyFileSync(join(official, MAIN_FILE), join(folder, MAIN_FILE));
    copyFileSync(join(official, MAPPING_70_FILE), join(folder, MAPPING_73_FILE));
    await assert.rejects(importFrom(folder), isInvalid(/mapping_00109-model\.pth\.tar is not the official file/, /first\.0\.weight is 32 × 70 × 7 and should be 32 × 73 × 7/));
  });

  it('reads the legacy set where there is no safetensors file', { timeout: 60_000 }, async () => {
    const folder = folderWith('legacy');
    const tensors = recipeCheckpoint(SALT, mainCatalogue(widths));
    const part = (prefix: string): ReadonlyMap<string, StoredTensor> => withoutPrefix(tensors, `${prefix}.`);
    writeTorchZip(join(folder, 'facevid2vid_00189-model.pth.tar'), { generator: part('generator'), kp_detector: part('kp_extractor'), epoch: 189 });
    writeTorchLegacy(join(folder, 'auido2exp_00300-model.pth'), { model: part('audio2exp') });
    writeTorchZip(join(folder, 'auido2pose_00140-model.pth'), { model: part('audio2pose') });
    await assert.rejects(importFrom(folder), isInvalid(/lacks epoch_20\.pth/));
    writeTorchLegacy(join(folder, 'epoch_20.pth'), { net_recon: part('face_3drecon') });
    const other = join(root, 'legacy-pack');
    const imported = await importCheckpoints({ folder, packFolder: other, widths, pictureSize, precisions: ['fp32'] });
    const hashes = (all: PackManifest): string[] => all.graphs.filter(({ precision }) => precision === 'fp32').map(({ graph, sha256 }) => `${graph} ${sha256}`);
    assert.deepEqual(hashes(imported), hashes(manifest));
  });

  it('is noticed when a graph changes afterwards', async () => {
    const path = graphPath(packFolder, manifest, { graph: 'expnet', precision: 'fp32' });
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    writeFileSync(path, bytes);
    await using thread = new OnnxThread();
    await assert.rejects(verifyPack({ packFolder, load: (file) => thread.load(file) }), { code: 'model_missing', message: /has changed since it was imported/ });
    assert.throws(() => graphPath(packFolder, manifest, { graph: 'render', precision: 'fp32', size: 512 }), { code: 'model_missing' });
    await assert.rejects(readManifest(join(root, 'nowhere')), { code: 'model_missing' });
  });

  it('replaces an old pack and its files', { timeout: 60_000 }, async () => {
    writeTorchZip(join(official, MAPPING_70_FILE), { mapping: mappingState('another', widths, 70), epoch: 1 });
    const second = await importFrom(official);
    assert.notDeepEqual(second.sources, manifest.sources);
    assert.deepEqual(packFiles(), ['manifest.json', second.graphs[0]?.file.split('/')[0], ...second.graphs.map(({ file }) => file)].sort());
  });
});
