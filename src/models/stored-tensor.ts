import { fromHalfFloats } from './half-float.ts';
import { elementCount } from './lazy-tensor.ts';

/** Element types that checkpoints hold, with their size in bytes. */
export const STORED_TYPES = Object.freeze({ float64: 8, float32: 4, float16: 2, bfloat16: 2, int64: 8, int32: 4, int16: 2, int8: 1, uint8: 1, bool: 1 });

/** Element type of a tensor in a checkpoint. */
export type StoredType = keyof typeof STORED_TYPES;

/** A tensor as it lies in a checkpoint: where it is and how to read it, not its values. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly type: StoredType;
  /** Reads the row-major bytes. */
  readBytes(): Uint8Array;
}

/** A checkpoint: tensors by name. */
export type StoredTensors = ReadonlyMap<string, StoredTensor>;

/** True for a type that weights have. */
export function isFloat(type: StoredType): boolean {
  return type.startsWith('float') || type === 'bfloat16';
}

/**
 * Returns a tensor's values as float32.
 * @throws TypeError for an integer tensor: no weight is one.
 */
export function readFloats(tensor: StoredTensor): Float32Array {
  const bytes = tensor.readBytes();
  const count = elementCount(tensor.shape);
  switch (tensor.type) {
    case 'float32': {
      return new Float32Array(bytes.buffer, bytes.byteOffset, count);
    }
    case 'float64': {
      return Float32Array.from(new Float64Array(bytes.buffer, bytes.byteOffset, count));
    }
    case 'float16': {
      return fromHalfFloats(new Uint16Array(bytes.buffer, bytes.byteOffset, count));
    }
    case 'bfloat16': {
      const words = Uint32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, count), (half) => half << 16);
      return new Float32Array(words.buffer);
    }
    case 'int64':
    case 'int32':
    case 'int16':
    case 'int8':
    case 'uint8':
    case 'bool': {
      throw new TypeError(`A tensor of ${tensor.type} holds no weights.`);
    }
  }
}
