import { AvatarError } from '../base/errors.ts';
import type { RangedFile } from './ranged-file.ts';
import { PickleError, type Pickled, RestrictedUnpickler } from './restricted-unpickler.ts';
import { STORED_TYPES, type StoredTensor, type StoredTensors } from './stored-tensor.ts';
import { type StorageReader, TorchStorage, TorchTensor, torchAbilities } from './torch-tensors.ts';
import { isZip, zipDataOffset, zipEntries } from './zip-archive.ts';

/** First value of a file in the format before torch 1.6. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

/** The pickles of a legacy file lie within its first bytes; the tensors' data follow. */
const LEGACY_PICKLE_BYTES = 64 * 1024 * 1024;

/** A pickle in the zip format is an index of tensors and no larger. */
const ZIP_PICKLE_BYTES = 64 * 1024 * 1024;

/**
 * Returns what a `torch.save` file holds, in the zip format or in the one before torch 1.6. Nothing in it is run:
 * only tensors and containers are built, and tensors are read when asked for, while the file is open.
 * @throws AvatarError `invalid_checkpoint` when the file is neither, is truncated, or asks for anything else.
 */
export function torchCheckpoint(file: RangedFile): Pickled {
  try {
    return isZip(file) ? fromZip(file) : fromLegacy(file);
  } catch (cause) {
    if (cause instanceof PickleError) {
      throw new AvatarError('invalid_checkpoint', `${file.path} is no checkpoint of tensors. ${cause.message}`, { cause });
    }
    if (cause instanceof RangeError) {
      throw new AvatarError('invalid_checkpoint', `${file.path} is truncated or no torch file. ${cause.message} Fetch it again.`, { cause });
    }
    throw cause;
  }
}

/**
 * Returns the tensors under the top-level entry `key`, each name with `prefix` and a dot in front; other top-level entries
 * (optimizers, epochs) are left alone.
 * @throws AvatarError `invalid_checkpoint` when there is no such entry or it holds something that is no tensor.
 */
export function stateDictionary(file: RangedFile, checkpoint: Pickled, { key, prefix }: { key: string; prefix: string }): StoredTensors {
  const entry = checkpoint instanceof Map ? checkpoint.get(key) : undefined;
  if (!(entry instanceof Map)) {
    const keys = checkpoint instanceof Map ? [...checkpoint.keys()].filter((name) => typeof name === 'string').join(', ') : 'none';
    throw new AvatarError('invalid_checkpoint', `${file.path} has no entry ${key}; its entries: ${keys}. It is another checkpoint.`);
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of entry) {
    if (typeof name !== 'string' || !(value instanceof TorchTensor)) {
      throw new AvatarError('invalid_checkpoint', `${file.path}: ${key} holds something that is no tensor.`);
    }
    tensors.set(`${prefix}.${name}`, value);
  }
  return tensors;
}

function fromZip(file: RangedFile): Pickled {
  const entries = zipEntries(file);
  const index = [...entries.keys()].find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  const pickle = index === undefined ? undefined : entries.get(index);
  if (index === undefined || pickle === undefined || pickle.compressed || pickle.byteLength > ZIP_PICKLE_BYTES) {
    throw new PickleError('The zip archive has no data.pkl as torch.save writes it.');
  }
  const folder = index.slice(0, -'data.pkl'.length);
  const readStorage: StorageReader = (key, offset, byteLength) => {
    const entry = entries.get(`${folder}data/${key}`);
    if (entry === undefined || entry.compressed || offset + byteLength > entry.byteLength) {
      throw new AvatarError('invalid_checkpoint', `${file.path} lacks the data ${key}. Fetch it again.`);
    }
    return file.read(zipDataOffset(file, entry) + offset, byteLength);
  };
  return new RestrictedUnpickler(file.read(zipDataOffset(file, pickle), pickle.byteLength), torchAbilities(readStorage)).read();
}

/** Reads magic number, protocol, system, the checkpoint and its storages' keys; then each storage's length and elements. */
function fromLegacy(file: RangedFile): Pickled {
  const bytes = file.read(0, Math.min(file.byteLength, LEGACY_PICKLE_BYTES));
  const offsets = new Map<string, number>();
  const storages = new Map<string, TorchStorage>();
  const abilities = torchAbilities((key, offset, byteLength) => file.read((offsets.get(key) ?? 0) + offset, byteLength));
  let position = 0;
  const next = (): Pickled => {
    const unpickler = new RestrictedUnpickler(bytes, {
      ...abilities,
      persistent: (id) => {
        const storage = abilities.persistent(id);
        if (storage instanceof TorchStorage) {
          storages.set(storage.key, storage);
        }
        return storage;
      },
    }, position);
    const value = unpickler.read();
    position = unpickler.position;
    return value;
  };
  if (next() !== LEGACY_MAGIC) {
    throw new PickleError('Its first value is not the number torch files start with.');
  }
  next();
  next();
  const checkpoint = next();
  const keys = next();
  if (!Array.isArray(keys)) {
    throw new PickleError('The list of its storages is missing.');
  }
  for (const key of keys) {
    const length = Number(file.read(position, 8).readBigInt64LE());
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage?.length !== length) {
      throw new PickleError('The list of its storages does not fit its tensors.');
    }
    offsets.set(storage.key, position + 8);
    position += 8 + length * STORED_TYPES[storage.type];
  }
  if (position > file.byteLength) {
    throw new RangeError(`Its tensors end at byte ${position} of ${file.byteLength}.`);
  }
  return checkpoint;
}
