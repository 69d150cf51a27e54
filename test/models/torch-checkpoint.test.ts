import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import { RangedFile } from '../../src/models/ranged-file.ts';
import { type StoredTensors, readFloats } from '../../src/models/stored-tensor.ts';
import { floatsOf } from './floats-of.ts';
import { mappingCatalogue } from '../../src/models/tensor-catalogue.ts';
import { stateDictionary, torchCheckpoint } from '../../src/models/torch-checkpoint.ts';
import { writeTorchLegacy, writeTorchZip } from './checkpoint-writer.ts';
import { MINI_WIDTHS } from './mini-widths.ts';
import { recipeCheckpoint } from './recipe.ts';
import { mappingState } from './recipe-checkpoints.ts';

const FORMATS = ['mini_mapping.pth.tar', 'mini_mapping_legacy.pth.tar'];
const fixture = (name: string): string => new URL(`./fixtures/${name}`, import.meta.url).pathname;
const mapping = (file: RangedFile): StoredTensors => stateDictionary(file, torchCheckpoint(file), { key: 'mapping', prefix: 'mapping' });
const isInvalid = (pattern: RegExp) => (error: unknown): boolean => error instanceof AvatarError && error.code === 'invalid_checkpoint' && pattern.test(error.message);

describe('a torch checkpoint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orator-torch-'));
  after(() => { rmSync(folder, { recursive: true }); });

  for (const name of FORMATS) {
    it(`of torch's own is read: ${name}`, () => {
      using file = new RangedFile(fixture(name));
      const expected = recipeCheckpoint('public', mappingCatalogue(MINI_WIDTHS, 70));
      const tensors = mapping(file);
      assert.deepEqual([...tensors.keys()].sort(), [...expected.keys()].sort());
      for (const [key, tensor] of tensors) {
        assert.deepEqual(readFloats(tensor), floatsOf(expected, key), key);
      }
    });

    it(`that is cut anywhere is refused: ${name}`, () => {
      const whole = readFileSync(fixture(name));
      for (const part of [0, 0.001, 0.2, 0.5, 0.99]) {
        const path = join(folder, 'cut.pth.tar');
        writeFileSync(path, whole.subarray(0, Math.floor(whole.length * part)));
        using file = new RangedFile(path);
        assert.throws(() => mapping(file), isInvalid(/truncated|no torch file|no checkpoint/), `cut at ${part}`);
      }
    });
  }

  it('gives the same tensors in both formats of the test writer', () => {
    const state = mappingState('other', MINI_WIDTHS, 73);
    for (const write of [writeTorchZip, writeTorchLegacy]) {
      const path = join(folder, `${write.name}.pth.tar`);
      write(path, { mapping: state, epoch: 3 });
      using file = new RangedFile(path);
      for (const [key, tensor] of mapping(file)) {
        assert.deepEqual(readFloats(tensor), floatsOf(state, key.slice('mapping.'.length)), key);
      }
    }
  });

  it('of the old format whose storages have other lengths than its tensors say is refused, not read askew', () => {
    const path = join(folder, 'askew.pth.tar');
    writeTorchLegacy(path, { mapping: mappingState('other', MINI_WIDTHS, 73), epoch: 3 });
    const bytes = readFileSync(path);
    // The list of keys is the last pickle; after it comes the first storage's length.
    const lengthAt = bytes.indexOf('e.', bytes.indexOf('\x80\x02](', 0, 'latin1'), 'latin1') + 2;
    bytes.writeUInt32LE(bytes.readUInt32LE(lengthAt) - 1, lengthAt);
    writeFileSync(path, bytes);
    using file = new RangedFile(path);
    assert.throws(() => mapping(file), isInvalid(/storages does not fit its tensors/));
  });

  it('that is a folder is refused', () => {
    assert.throws(() => new RangedFile(folder), isInvalid(/is no file/));
  });

  it('without the wanted entry says which it has', () => {
    using file = new RangedFile(fixture(FORMATS[0]!));
    assert.throws(() => stateDictionary(file, torchCheckpoint(file), { key: 'generator', prefix: 'generator' }), isInvalid(/no entry generator; its entries: mapping, epoch/));
    assert.throws(() => stateDictionary(file, torchCheckpoint(file), { key: 'epoch', prefix: 'x' }), isInvalid(/no entry epoch/));
  });

  it('that wants to run something is refused, in both formats', () => {
    const attack = 'cposix\nsystem\n(X\x0b\0\0\0touch /tmp/xtR.';
    for (const [name, from] of [['mini_mapping.pth.tar', 'PK'], ['mini_mapping_legacy.pth.tar', 'legacy']] as const) {
      const bytes = readFileSync(fixture(name));
      const pickle = bytes.indexOf('ctorch._utils\n_rebuild_tensor_v2', 0, 'latin1');
      bytes.write(attack, pickle, 'latin1');
      const path = join(folder, `attack-${from}.pth.tar`);
      writeFileSync(path, bytes);
      using file = new RangedFile(path);
      assert.throws(() => torchCheckpoint(file), isInvalid(/posix\.system.*not run/s));
    }
  });
});
