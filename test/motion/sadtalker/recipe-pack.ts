import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope } from '../../../src/base/scope.ts';
import type { OnnxModel } from '../../../src/inference/onnx-model.ts';
import { OnnxThread } from '../../../src/inference/onnx-thread.ts';
import { importCheckpoints } from '../../../src/models/pack-importer.ts';
import { graphPath } from '../../../src/models/pack-manifest.ts';
import { MINI_SIZE, MINI_WIDTHS } from '../../models/mini-widths.ts';
import { writeRecipeSet } from '../../models/recipe-checkpoints.ts';

/** The graphs that motion needs, filled by the recipe: ExpNet and the PoseVAE at their official widths, the mapping net reduced. */
export interface RecipePack extends AsyncDisposable {
  readonly expnet: OnnxModel;
  readonly posevae: OnnxModel;
  readonly mapping: OnnxModel;
  readonly portrait: OnnxModel;
}

/** Imports a recipe-made set and loads it. */
export async function openRecipePack(salt = 'public'): Promise<RecipePack> {
  await using scope = new Scope();
  const root = mkdtempSync(join(tmpdir(), 'orator-motion-'));
  scope.defer(() => { rmSync(root, { recursive: true }); });
  const folder = join(root, 'official');
  const packFolder = join(root, 'pack');
  mkdirSync(folder);
  writeRecipeSet(folder, salt, MINI_WIDTHS);
  const manifest = await importCheckpoints({ folder, packFolder, widths: MINI_WIDTHS, precisions: ['fp32'], pictureSize: () => MINI_SIZE });
  const thread = scope.own(new OnnxThread());
  const load = (wanted: Omit<Parameters<typeof graphPath>[2], 'precision'>): Promise<OnnxModel> => thread.load(graphPath(packFolder, manifest, { precision: 'fp32', ...wanted }));
  const expnet = await load({ graph: 'expnet' });
  const posevae = await load({ graph: 'posevae' });
  const mapping = await load({ graph: 'mapping', coefficients: 70 });
  const portrait = await load({ graph: 'portrait', size: 256 });
  const owner = scope.handOver();
  return { expnet, posevae, mapping, portrait, [Symbol.asyncDispose]: () => owner.close() };
}
