import { elementCount } from './lazy-tensor.ts';
import { PickleError, type PickleAbilities, PickleGlobal, type Pickled, PickledObject } from './restricted-unpickler.ts';
import { STORED_TYPES, type StoredTensor, type StoredType } from './stored-tensor.ts';

/** Storage classes by name. */
const STORAGES: Readonly<Record<string, StoredType>> = {
  'torch.DoubleStorage': 'float64', 'torch.FloatStorage': 'float32', 'torch.HalfStorage': 'float16', 'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64', 'torch.IntStorage': 'int32', 'torch.ShortStorage': 'int16', 'torch.CharStorage': 'int8',
  'torch.ByteStorage': 'uint8', 'torch.BoolStorage': 'bool',
};

/** A run of elements that tensors are views of. */
export class TorchStorage extends PickledObject {
  readonly kind = 'storage';
  readonly type: StoredType;
  readonly key: string;
  /** Elements. */
  readonly length: number;
  /** First element of the view within the stored run; only the old format has such views. */
  readonly start: number;

  constructor(parts: { type: StoredType; key: string; length: number; start: number }) {
    super();
    this.type = parts.type;
    this.key = parts.key;
    this.length = parts.length;
    this.start = parts.start;
  }
}

/** A tensor of a torch checkpoint. */
export class TorchTensor extends PickledObject implements StoredTensor {
  readonly kind = 'tensor';
  readonly shape: readonly number[];
  readonly type: StoredType;
  readonly readBytes: () => Uint8Array;

  constructor(tensor: StoredTensor) {
    super();
    this.shape = tensor.shape;
    this.type = tensor.type;
    this.readBytes = () => tensor.readBytes();
  }
}

/** Reads `byteLength` bytes of the storage `key` from `offset` on. */
export type StorageReader = (key: string, offset: number, byteLength: number) => Uint8Array;

/** Returns what a torch checkpoint may name and build: tensors, parameters, ordered dictionaries, sizes. */
export function torchAbilities(readStorage: StorageReader): PickleAbilities {
  const builders = new Map<string, (args: readonly Pickled[]) => Pickled>([
    ['torch._utils._rebuild_tensor_v2', (args) => rebuildTensor(args, readStorage)],
    ['torch._utils._rebuild_tensor', (args) => rebuildTensor(args, readStorage)],
    ['torch._utils._rebuild_parameter', ([tensor]) => tensor ?? null],
    ['torch.Size', ([sizes]) => sizes ?? []],
    ['collections.OrderedDict', ([items]) => orderedMap(items)],
  ]);
  return { builders, globals: new Set([...builders.keys(), ...Object.keys(STORAGES)]), persistent: storage };
}

function orderedMap(items: Pickled | undefined): Pickled {
  const pairs = items ?? [];
  if (!Array.isArray(pairs)) {
    throw new PickleError('An ordered dictionary is not built from a list.');
  }
  return new Map(pairs.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new PickleError('An ordered dictionary is not built from pairs.');
    }
    return [pair[0]!, pair[1]!];
  }));
}

/** Resolves ('storage', class, key, location, elements[, view]); view is (key, first element, elements) or nothing. */
function storage(id: Pickled): Pickled {
  const [kind, storageClass, key, , length, view] = Array.isArray(id) ? id : [];
  const type = storageClass instanceof PickleGlobal ? STORAGES[storageClass.name] : undefined;
  if (kind !== 'storage' || type === undefined || typeof key !== 'string' || !isCount(length)) {
    throw new PickleError('The pickle points to data in a way that torch does not.');
  }
  const start = Array.isArray(view) ? view[1] : 0;
  if (!isCount(start)) {
    throw new PickleError(`The storage ${key} is viewed in a way that torch does not.`);
  }
  return new TorchStorage({ type, key, length, start });
}

function rebuildTensor(args: readonly Pickled[], readStorage: StorageReader): TorchTensor {
  const [source, offset, shape, strides] = args;
  if (!(source instanceof TorchStorage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) {
    throw new PickleError('A tensor is not built from a storage, an offset, sizes and strides.');
  }
  const span = elementCount(shape) === 0 ? 0 : 1 + shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0);
  if (source.start + offset + span > source.length) {
    throw new PickleError(`A tensor of ${shape.join(' × ')} reaches beyond its storage of ${source.length} elements.`);
  }
  const size = STORED_TYPES[source.type];
  const read = (): Uint8Array => readStorage(source.key, (source.start + offset) * size, span * size);
  const readBytes = isContiguous(shape, strides) ? read : (): Uint8Array => gather(read(), { shape, strides, size });
  return new TorchTensor({ shape, type: source.type, readBytes });
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  return shape.every((size, axis) => size <= 1 || strides[axis] === elementCount(shape.slice(axis + 1)));
}

/** Copies a strided view into row-major order. */
function gather(bytes: Uint8Array, { shape, strides, size }: { shape: readonly number[]; strides: readonly number[]; size: number }): Uint8Array {
  const result = new Uint8Array(elementCount(shape) * size);
  for (let i = 0; i < result.length / size; i++) {
    let rest = i;
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    result.set(bytes.subarray(from * size, (from + 1) * size), i * size);
  }
  return result;
}

function isCount(value: Pickled | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: Pickled | undefined): value is number[] {
  return Array.isArray(value) && value.every((item) => isCount(item));
}
