import type { Closeable } from '../base/scope.ts';
import type { NamedTensors, RunOptions } from './tensor.ts';

/** One loaded ONNX model; made by `OnnxThread.load`. */
export class OnnxModel implements Closeable {
  /** File it was read from. */
  readonly path: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly #run: (feeds: NamedTensors, outputs: readonly string[]) => Promise<NamedTensors>;
  readonly #release: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(parts: {
    path: string;
    inputs: readonly string[];
    outputs: readonly string[];
    run: (feeds: NamedTensors, outputs: readonly string[]) => Promise<NamedTensors>;
    release: () => Promise<void>;
  }) {
    this.path = parts.path;
    this.inputs = parts.inputs;
    this.outputs = parts.outputs;
    this.#run = parts.run;
    this.#release = parts.release;
  }

  /**
   * Runs the model once; the feeds are copied, and so are the outputs that are wanted.
   * @throws TypeError when the feeds are not exactly the model's inputs, a tensor's size does not fit its dims, or a wanted output is none of the model's.
   */
  async run(feeds: NamedTensors, { outputs = this.outputs }: RunOptions = {}): Promise<NamedTensors> {
    const missing = this.inputs.filter((name) => !(name in feeds));
    const unknown = Object.keys(feeds).filter((name) => !this.inputs.includes(name));
    if (missing.length > 0 || unknown.length > 0) {
      throw new TypeError(`${this.path} takes the inputs ${this.inputs.join(', ')}; missing: ${missing.join(', ') || 'none'}; unknown: ${unknown.join(', ') || 'none'}.`);
    }
    for (const [name, { dims, data }] of Object.entries(feeds)) {
      const size = dims.reduce((product, dim) => product * dim, 1);
      if (size !== data.length) {
        throw new TypeError(`Input ${name} has ${data.length} values for the shape ${dims.join(' × ')}, which needs ${size}.`);
      }
    }
    const strange = outputs.filter((name) => !this.outputs.includes(name));
    if (strange.length > 0 || outputs.length === 0) {
      throw new TypeError(`${this.path} gives the outputs ${this.outputs.join(', ')}; wanted: ${outputs.join(', ') || 'none'}.`);
    }
    return this.#run(feeds, outputs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
