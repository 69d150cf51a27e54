import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RangedFile } from '../../src/models/ranged-file.ts';
import { safetensors } from '../../src/models/safetensors-file.ts';
import { type StoredTensors, readFloats } from '../../src/models/stored-tensor.ts';
import { mainCatalogue, mappingCatalogue } from '../../src/models/tensor-catalogue.ts';
import { stateDictionary, torchCheckpoint } from '../../src/models/torch-checkpoint.ts';
import { MINI_WIDTHS } from './mini-widths.ts';
import { type ParityRow, TOLERANCES, compare } from './parity-row.ts';
import { recipeCheckpoint } from './recipe.ts';

/** Compares the checkpoints of a goldens folder, as this project reads them, with the recipe: they are equal bit by bit. */
export function checkpointParity(folder: string, salt: string): ParityRow[] {
  const main = recipeCheckpoint(salt, mainCatalogue(MINI_WIDTHS));
  const mapping = (coefficients: number): StoredTensors => recipeCheckpoint(salt, mappingCatalogue(MINI_WIDTHS, coefficients));
  const pickles = [['mini_mapping.pth.tar', 70], ['mini_mapping_legacy.pth.tar', 70], ['mini73_mapping.pth.tar', 73]] as const;
  return [
    ...comparedFile(folder, 'mini.safetensors', { read: safetensors, recipe: main }),
    ...pickles.flatMap(([name, coefficients]) => comparedFile(folder, name, {
      read: (file) => stateDictionary(file, torchCheckpoint(file), { key: 'mapping', prefix: 'mapping' }),
      recipe: mapping(coefficients),
    })),
  ];
}

function comparedFile(folder: string, name: string, { read, recipe }: { read: (file: RangedFile) => StoredTensors; recipe: StoredTensors }): ParityRow[] {
  if (!existsSync(join(folder, name))) {
    return [];
  }
  using file = new RangedFile(join(folder, name));
  const rows = [...read(file)].filter(([, { type }]) => type === 'float32').map(([key, tensor]) => {
    const expected = recipe.get(key);
    return compare(`${name} ${key}`, { actual: readFloats(tensor), expected: expected === undefined ? [NaN] : readFloats(expected), tolerance: TOLERANCES.exact });
  });
  const worst = rows.reduce((most, row) => (row.ok ? most : row), rows[0]!);
  return [worst.ok ? { ...worst, name: `${name}, ${rows.length} tensors` } : worst];
}
