import { type StoredTensors, readFloats } from '../../src/models/stored-tensor.ts';

/** Returns the values of one tensor of a checkpoint. */
export function floatsOf(tensors: StoredTensors, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) {
    throw new TypeError(`There is no tensor ${name}.`);
  }
  return readFloats(tensor);
}
