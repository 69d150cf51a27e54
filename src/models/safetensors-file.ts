import { AvatarError } from '../base/errors.ts';
import { elementCount } from './lazy-tensor.ts';
import type { RangedFile } from './ranged-file.ts';
import { STORED_TYPES, type StoredTensor, type StoredTensors, type StoredType } from './stored-tensor.ts';

/** A header larger than this is no header. */
const MAX_HEADER_BYTES = 64 * 1024 * 1024;
const LENGTH_BYTES = 8;

const TYPES: Readonly<Record<string, StoredType>> = {
  F64: 'float64', F32: 'float32', F16: 'float16', BF16: 'bfloat16', I64: 'int64', I32: 'int32', I16: 'int16', I8: 'int8', U8: 'uint8', BOOL: 'bool',
};

/**
 * Returns the tensors of a safetensors file; values are read when asked for, while the file is open.
 * @throws AvatarError `invalid_checkpoint` when the file is none, is truncated, or its header and data disagree.
 */
export function safetensors(file: RangedFile): StoredTensors {
  const headerBytes = Number(file.read(0, LENGTH_BYTES).readBigUInt64LE());
  if (headerBytes > MAX_HEADER_BYTES) {
    throw invalid(file, `its header would be ${headerBytes} bytes long`);
  }
  const header = parseHeader(file, file.read(LENGTH_BYTES, headerBytes));
  const start = LENGTH_BYTES + headerBytes;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') {
      tensors.set(name, storedTensor(file, start, { name, entry }));
    }
  }
  return tensors;
}

function parseHeader(file: RangedFile, bytes: Buffer): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(bytes.toString('utf8'));
    if (isRecord(header)) {
      return header;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  }
  throw invalid(file, 'its header is no JSON object');
}

function storedTensor(file: RangedFile, start: number, { name, entry }: { name: string; entry: unknown }): StoredTensor {
  if (!isRecord(entry)) {
    throw invalid(file, `${name} is not described`);
  }
  const type = typeof entry['dtype'] === 'string' ? TYPES[entry['dtype']] : undefined;
  const shape = entry['shape'];
  const range = entry['data_offsets'];
  if (type === undefined || !isSizes(shape) || !isSizes(range) || range.length !== 2) {
    throw invalid(file, `the description of ${name} cannot be read`);
  }
  const [from, to] = range as [number, number];
  const expected = elementCount(shape) * STORED_TYPES[type];
  if (to - from !== expected) {
    throw invalid(file, `${name} takes ${to - from} bytes and should take ${expected}`);
  }
  if (start + to > file.byteLength) {
    throw new AvatarError('invalid_checkpoint', `${file.path} is truncated: ${name} ends at byte ${start + to} of ${file.byteLength}. Fetch it again.`);
  }
  return { shape, type, readBytes: () => file.read(start + from, expected) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function invalid(file: RangedFile, what: string): AvatarError {
  return new AvatarError('invalid_checkpoint', `${file.path} is no safetensors file: ${what}. Fetch it again.`);
}
