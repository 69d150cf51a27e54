import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { NamedTensors, Tensor } from './tensor.ts';
import type { Device } from './thread-messages.ts';

// onnxruntime-node 1.29 mishandles half tensors where Float16Array exists (Node ≥ 24); without it, it behaves.
Reflect.deleteProperty(globalThis, 'Float16Array');
const { default: ort } = await import('onnxruntime-node');
// What fails is thrown with its message; the runtime would also print it, in red, where a device is merely tried.
ort.env.logLevel = 'fatal';

/** An input or output of a model: a name in `dims` is a free axis. */
export interface ModelPort {
  readonly name: string;
  readonly dims: readonly (number | string)[];
}

/** How a model is loaded. */
export interface SessionOptions {
  readonly device: Device;
  /** Threads that one run may use on the processor. */
  readonly intraOpThreads: number;
}

/**
 * One ONNX model on the thread that calls it, which blocks while it runs: only for worker threads (`OnnxThread` is one).
 * Importing this file takes `Float16Array` away from the thread.
 */
export class OnnxSession {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
    this.inputs = session.inputMetadata.map(portOf);
    this.outputs = session.outputMetadata.map(portOf);
  }

  /** Loads a model file; throws what ONNX Runtime says when the file is no model or the device does not run here. */
  static async load(path: string, { device, intraOpThreads }: SessionOptions): Promise<OnnxSession> {
    return new OnnxSession(await ort.InferenceSession.create(path, {
      // Without the processor behind it, CUDA refuses a graph with any operator that it lacks.
      executionProviders: device === 'cuda' ? ['cuda', 'cpu'] : ['cpu'],
      intraOpNumThreads: intraOpThreads,
      interOpNumThreads: 1,
      // Memory patterns keep a second arena: a large network then takes 3.4 GB instead of 2.6.
      enableMemPattern: false,
      // Idle threads spin by default: 25 tiny runs a second would burn a whole core.
      extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
    }));
  }

  /** Runs the model once; the outputs lie in memory of the runtime, which cannot be transferred to another thread. */
  async run(feeds: NamedTensors, outputs: readonly string[]): Promise<NamedTensors> {
    const tensors = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, ortTensor(tensor)]));
    const results = await this.#session.run(tensors, outputs);
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, ownTensor(name, value)]));
  }

  /** Frees the model. */
  release(): Promise<void> {
    return this.#session.release();
  }
}

function portOf(value: InferenceSession.ValueMetadata): ModelPort {
  return { name: value.name, dims: value.isTensor ? value.shape : [] };
}

function ortTensor({ data, dims }: Tensor): OrtTensor {
  if (data instanceof Float32Array) {
    return new ort.Tensor('float32', data, dims);
  }
  return data instanceof Uint8Array ? new ort.Tensor('uint8', data, dims) : new ort.Tensor('int64', data, dims);
}

function ownTensor(name: string, { data, dims, type }: OrtTensor): Tensor {
  if (!(data instanceof Float32Array) && !(data instanceof BigInt64Array) && !(data instanceof Uint8Array)) {
    throw new Error(`Output ${name} is ${type}; expected float32, int64 or uint8.`);
  }
  return { dims, data };
}
