import { RangedFile } from '../../src/models/ranged-file.ts';
import { safetensors } from '../../src/models/safetensors-file.ts';
import { type StoredTensors, readFloats } from '../../src/models/stored-tensor.ts';

/** A golden tensor as a graph takes it. */
export interface GoldenTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Outputs of the reference networks: the file `cases.safetensors` of a goldens folder. */
export class Goldens implements Disposable {
  readonly #file: RangedFile;
  readonly #tensors: StoredTensors;

  constructor(path: string | URL) {
    this.#file = new RangedFile(path instanceof URL ? path.pathname : path);
    this.#tensors = safetensors(this.#file);
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  /** Returns a tensor of floats; halves are widened. */
  floats(name: string): GoldenTensor {
    const tensor = this.#get(name);
    return { dims: tensor.shape, data: readFloats(tensor) };
  }

  doubles(name: string): Float64Array {
    return new Float64Array(this.#get(name).readBytes().slice().buffer);
  }

  integers(name: string): Int32Array {
    return new Int32Array(this.#get(name).readBytes().slice().buffer);
  }

  bytes(name: string): Uint8Array {
    return this.#get(name).readBytes();
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  #get(name: string): ReturnType<StoredTensors['get']> & object {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw new TypeError(`The goldens have no tensor ${name}.`);
    }
    return tensor;
  }
}
