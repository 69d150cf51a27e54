import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importCheckpoints } from '../../src/models/pack-importer.ts';
import { MINI_SIZE, MINI_WIDTHS } from './mini-widths.ts';
import { writeRecipeSet } from './recipe-checkpoints.ts';

/** Imports a recipe-made set at reduced widths, as `orator models import` does an official one; its folder goes when it is disposed. */
export async function makeMiniPack(salt = 'public'): Promise<{ readonly packFolder: string } & AsyncDisposable> {
  const root = await mkdtemp(join(tmpdir(), 'orator-mini-pack-'));
  const [folder, packFolder] = [join(root, 'official'), join(root, 'pack')];
  await mkdir(folder);
  writeRecipeSet(folder, salt, MINI_WIDTHS);
  await importCheckpoints({ folder, packFolder, widths: MINI_WIDTHS, precisions: ['fp32'], pictureSize: () => MINI_SIZE });
  return { packFolder, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}
