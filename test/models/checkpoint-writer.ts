import { closeSync, openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { STORED_TYPES, type StoredTensor, type StoredTensors, type StoredType } from '../../src/models/stored-tensor.ts';
import { elementCount } from '../../src/models/lazy-tensor.ts';

/** Writes checkpoints as the official tools do, for tests: safetensors, and torch.save in its two formats. */

const SAFETENSORS_TYPES: Readonly<Partial<Record<StoredType, string>>> = { float32: 'F32', int64: 'I64' };
const STORAGE_CLASSES: Readonly<Partial<Record<StoredType, string>>> = { float32: 'FloatStorage', int64: 'LongStorage' };

const byteLength = ({ shape, type }: StoredTensor): number => elementCount(shape) * STORED_TYPES[type];

export function writeSafetensors(path: string, tensors: StoredTensors): void {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, tensor] of tensors) {
    header[name] = { dtype: SAFETENSORS_TYPES[tensor.type], shape: tensor.shape, data_offsets: [offset, offset + byteLength(tensor)] };
    offset += byteLength(tensor);
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writePieces(path, (function* () {
    yield length;
    yield text;
    for (const tensor of tensors.values()) {
      yield tensor.readBytes();
    }
  })());
}

/** Top-level entries of a checkpoint: state dictionaries, and numbers beside them. */
export type CheckpointEntries = Readonly<Record<string, StoredTensors | number>>;

export function writeTorchZip(path: string, entries: CheckpointEntries): void {
  const tensors = Object.values(entries).flatMap((entry) => (typeof entry === 'number' ? [] : [...entry.values()]));
  const files: { name: string; bytes: Uint8Array }[] = [
    { name: 'archive/data.pkl', bytes: pickleCheckpoint(entries, false) },
    ...tensors.map((tensor, i) => ({ name: `archive/data/${i}`, bytes: tensor.readBytes() })),
    { name: 'archive/version', bytes: Buffer.from('3\n') },
  ];
  const directory: Buffer[] = [];
  let offset = 0;
  const pieces = files.flatMap(({ name, bytes }) => {
    // The local extra field pads the data to 64 bytes, as torch does.
    const pad = (64 - ((offset + 30 + name.length + 4) % 64)) % 64;
    const sizes = [u32(crc32(bytes)), u32(bytes.byteLength), u32(bytes.byteLength)];
    const local = Buffer.concat([u32(0x04034b50), u16(0), u16(0), u16(0), u16(0), u16(0), ...sizes, u16(name.length), u16(4 + pad), Buffer.from(name), Buffer.from('FB'), u16(pad), Buffer.alloc(pad)]);
    directory.push(Buffer.concat([u32(0x02014b50), u16(0), u16(0), u16(0), u16(0), u16(0), u16(0), ...sizes, u16(name.length), u16(0), u16(0), u16(0), u16(0), u32(0), u32(offset), Buffer.from(name)]));
    offset += local.length + bytes.byteLength;
    return [local, bytes];
  });
  const index = Buffer.concat(directory);
  writePieces(path, [...pieces, index, Buffer.concat([u32(0x06054b50), u16(0), u16(0), u16(files.length), u16(files.length), u32(index.length), u32(offset), u16(0)])]);
}

export function writeTorchLegacy(path: string, entries: CheckpointEntries): void {
  const tensors = Object.values(entries).flatMap((entry) => (typeof entry === 'number' ? [] : [...entry.values()]));
  const magic = Buffer.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]);
  const protocol = Buffer.concat([Buffer.from([0x80, 2]), Buffer.from('M'), u16(1001), Buffer.from('.')]);
  const system = Buffer.concat([Buffer.from([0x80, 2]), Buffer.from('}.')]);
  const keys = Buffer.concat([Buffer.from([0x80, 2]), Buffer.from(']('), ...tensors.map((_, i) => text(String(i))), Buffer.from('e.')]);
  writePieces(path, [
    magic, protocol, system, pickleCheckpoint(entries, true), keys,
    ...tensors.flatMap((tensor) => [u32(elementCount(tensor.shape)), u32(0), tensor.readBytes()]),
  ]);
}

function pickleCheckpoint(entries: CheckpointEntries, legacy: boolean): Buffer {
  let storage = 0;
  const pickledTensor = (tensor: StoredTensor): Buffer[] => {
    const { shape, type } = tensor;
    const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
    const key = String(storage);
    storage += 1;
    return [
      global('torch._utils', '_rebuild_tensor_v2'), Buffer.from('(('), text('storage'), global('torch', STORAGE_CLASSES[type] ?? type),
      text(key), text('cpu'), int(elementCount(shape)), Buffer.from(legacy ? 'NtQ' : 'tQ'), int(0),
      Buffer.from('('), ...shape.map((size) => int(size)), Buffer.from('t('), ...strides.map((stride) => int(stride)), Buffer.from('t'),
      Buffer.from([0x89]), global('collections', 'OrderedDict'), Buffer.from(')RtR'),
    ];
  };
  const pickledEntry = (entry: StoredTensors | number): Buffer[] => (typeof entry === 'number'
    ? [int(entry)]
    : [global('collections', 'OrderedDict'), Buffer.from(')R('), ...[...entry].flatMap(([name, tensor]) => [text(name), ...pickledTensor(tensor)]), Buffer.from('u')]);
  return Buffer.concat([
    Buffer.from([0x80, 2]), Buffer.from('}('),
    ...Object.entries(entries).flatMap(([name, entry]) => [text(name), ...pickledEntry(entry)]),
    Buffer.from('u.'),
  ]);
}

function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from('X'), u32(bytes.length), bytes]);
}

function int(value: number): Buffer {
  return Buffer.concat([Buffer.from('J'), u32(value)]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function writePieces(path: string, pieces: Iterable<Uint8Array>): void {
  const file = openSync(path, 'w');
  try {
    for (const piece of pieces) {
      let done = 0;
      while (done < piece.byteLength) {
        done += writeSync(file, piece, done);
      }
    }
  } finally {
    closeSync(file);
  }
}
