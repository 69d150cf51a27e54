import { join } from 'node:path';
import type { NetworkWidths } from '../../src/models/network-widths.ts';
import type { StoredTensors } from '../../src/models/stored-tensor.ts';
import { mainCatalogue, mappingCatalogue } from '../../src/models/tensor-catalogue.ts';
import { writeSafetensors, writeTorchLegacy, writeTorchZip } from './checkpoint-writer.ts';
import { recipeCheckpoint } from './recipe.ts';

/** Names of the official files. */
export const MAIN_FILE = 'SadTalker_V0.0.2_256.safetensors';
export const MAPPING_70_FILE = 'mapping_00229-model.pth.tar';
export const MAPPING_73_FILE = 'mapping_00109-model.pth.tar';

/** Writes a set of checkpoints made by the recipe: the main file, one mapping net in torch's new format and one in its old. */
export function writeRecipeSet(folder: string, salt: string, widths: NetworkWidths): void {
  writeSafetensors(join(folder, MAIN_FILE), recipeCheckpoint(salt, mainCatalogue(widths)));
  writeTorchZip(join(folder, MAPPING_70_FILE), { mapping: mappingState(salt, widths, 70), epoch: 229 });
  writeTorchLegacy(join(folder, MAPPING_73_FILE), { mapping: mappingState(salt, widths, 73), epoch: 109 });
}

/** Returns the state dictionary of a mapping net, its names without the prefix. */
export function mappingState(salt: string, widths: NetworkWidths, coefficients: number): StoredTensors {
  return withoutPrefix(recipeCheckpoint(salt, mappingCatalogue(widths, coefficients)), 'mapping.');
}

/** Returns the tensors whose names start with the prefix, without it. */
export function withoutPrefix(tensors: StoredTensors, prefix: string): StoredTensors {
  return new Map([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
