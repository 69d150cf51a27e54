import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import { RangedFile } from '../../src/models/ranged-file.ts';
import { safetensors } from '../../src/models/safetensors-file.ts';
import type { StoredTensors } from '../../src/models/stored-tensor.ts';
import { floatsOf } from './floats-of.ts';

describe('a safetensors file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orator-safetensors-'));
  after(() => { rmSync(folder, { recursive: true }); });

  const open = (header: unknown, data: Uint8Array): StoredTensors => {
    const text = typeof header === 'string' ? header : JSON.stringify(header);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const path = join(folder, 'file.safetensors');
    writeFileSync(path, Buffer.concat([length, Buffer.from(text), data]));
    return safetensors(new RangedFile(path));
  };
  const floats = new Uint8Array(Float32Array.of(1, -2, 3, 4).buffer);
  const refused = (pattern: RegExp, header: unknown, data = floats): void => {
    assert.throws(() => open(header, data), (error) => error instanceof AvatarError && error.code === 'invalid_checkpoint' && pattern.test(error.message));
  };

  it('gives its tensors', () => {
    const tensors = open({ __metadata__: { format: 'pt' }, a: { dtype: 'F32', shape: [1, 3], data_offsets: [0, 12] }, b: { dtype: 'F32', shape: [], data_offsets: [12, 16] } }, floats);
    assert.deepEqual(floatsOf(tensors, 'a'), Float32Array.of(1, -2, 3));
    assert.deepEqual(floatsOf(tensors, 'b'), Float32Array.of(4));
  });

  it('gives half and brain floats as float32', () => {
    const data = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x3f80, 0xbf00).buffer);
    const tensors = open({ h: { dtype: 'F16', shape: [2], data_offsets: [0, 4] }, b: { dtype: 'BF16', shape: [2], data_offsets: [4, 8] } }, data);
    assert.deepEqual(floatsOf(tensors, 'h'), Float32Array.of(1, -2));
    assert.deepEqual(floatsOf(tensors, 'b'), Float32Array.of(1, -0.5));
  });

  it('that is cut is refused by the name of the tensor that is missing', () => {
    refused(/truncated: weight ends/, { weight: { dtype: 'F32', shape: [5], data_offsets: [0, 20] } });
  });

  it('whose header and sizes disagree is refused', () => {
    refused(/takes 16 bytes and should take 8/, { a: { dtype: 'F32', shape: [2], data_offsets: [0, 16] } });
    refused(/takes 4 bytes and should take 8/, { a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } });
    refused(/takes 16 bytes and should take/, { a: { dtype: 'F32', shape: [2 ** 53 - 1, 2 ** 53 - 1], data_offsets: [0, 16] } });
    refused(/description of a cannot be read/, { a: { dtype: 'F32', shape: [2 ** 60], data_offsets: [0, 16] } });
    refused(/description of a cannot be read/, { a: { dtype: 'constructor', shape: [-1], data_offsets: [0, 4] } });
    refused(/description of a cannot be read/, { a: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } });
    refused(/description of a cannot be read/, { a: { dtype: 'Q4', shape: [1], data_offsets: [0, 4] } });
    refused(/no JSON object/, '{"a":');
    refused(/no JSON object/, '[1]');
    refused(/no JSON object/, '['.repeat(200_000));
    refused(/description of a cannot be read/, `{"a":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_001)}`);
  });

  it('that is something else is refused', () => {
    const path = join(folder, 'page.safetensors');
    writeFileSync(path, '<!doctype html><title>Not found</title>');
    assert.throws(() => safetensors(new RangedFile(path)), /header would be|truncated|no size/);
    writeFileSync(path, '');
    assert.throws(() => safetensors(new RangedFile(path)), /truncated/);
  });
});
