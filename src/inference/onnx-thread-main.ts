import { parentPort } from 'node:worker_threads';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { NamedTensors, Tensor } from './tensor.ts';
import type { Device, ThreadAnswer, ThreadRequest } from './thread-messages.ts';

// onnxruntime-node 1.29 mishandles half tensors where Float16Array exists (Node ≥ 24); without it, it behaves.
Reflect.deleteProperty(globalThis, 'Float16Array');
const { default: ort } = await import('onnxruntime-node');

type CalledRequest = Exclude<ThreadRequest, { kind: 'close' }>;

const port = parentPort;
if (port === null) {
  throw new TypeError('onnx-thread-main.ts is the main file of a worker thread; start it with OnnxThread.');
}
const sessions = new Map<number, InferenceSession>();
let lastModel = 0;
let closing = false;

const answer = (message: ThreadAnswer, transfer: ArrayBuffer[] = []): void => { port.postMessage(message, transfer); };

async function load(path: string, device: Device, intraOpThreads: number): Promise<{ model: number; session: InferenceSession }> {
  const session = await ort.InferenceSession.create(path, {
    executionProviders: device === 'cuda' ? ['cuda', 'cpu'] : ['cpu'],
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    // Memory patterns keep a second arena: a large network then takes 3.4 GB instead of 2.6.
    enableMemPattern: false,
    // Idle threads spin by default: 25 tiny runs a second would burn a whole core.
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  });
  lastModel += 1;
  sessions.set(lastModel, session);
  return { model: lastModel, session };
}

async function run({ model, feeds, outputs: wanted }: Extract<ThreadRequest, { kind: 'run' }>): Promise<{ outputs: NamedTensors; transfer: ArrayBuffer[] }> {
  const session = sessions.get(model);
  if (session === undefined) {
    throw new Error(`Model ${model} is not loaded or was released.`);
  }
  const tensors = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, ortTensor(tensor)]));
  const results = await session.run(tensors, wanted);
  const outputs: Record<string, Tensor> = {};
  const transfer: ArrayBuffer[] = [];
  for (const [name, value] of Object.entries(results)) {
    const { data } = value;
    if (!(data instanceof Float32Array) && !(data instanceof BigInt64Array) && !(data instanceof Uint8Array)) {
      throw new Error(`Output ${name} is ${value.type}; expected float32, int64 or uint8.`);
    }
    const copy = data.slice();
    outputs[name] = { dims: value.dims, data: copy };
    transfer.push(copy.buffer);
  }
  return { outputs, transfer };
}

function ortTensor({ data, dims }: Tensor): OrtTensor {
  if (data instanceof Float32Array) {
    return new ort.Tensor('float32', data, dims);
  }
  return data instanceof Uint8Array ? new ort.Tensor('uint8', data, dims) : new ort.Tensor('int64', data, dims);
}

async function serve(request: CalledRequest): Promise<void> {
  if (closing) {
    return;
  }
  switch (request.kind) {
    case 'load': {
      const { model, session } = await load(request.path, request.device, request.intraOpThreads);
      answer({ kind: 'loaded', call: request.call, model, inputs: session.inputNames, outputs: session.outputNames });
      return;
    }
    case 'run': {
      const { outputs, transfer } = await run(request);
      answer({ kind: 'ran', call: request.call, outputs }, transfer);
      return;
    }
    case 'release': {
      await sessions.get(request.model)?.release();
      sessions.delete(request.model);
      answer({ kind: 'released', call: request.call });
    }
  }
}

port.on('message', (request: ThreadRequest) => {
  if (request.kind === 'close') {
    // Without its port nothing keeps the thread alive but the run under way.
    closing = true;
    port.close();
    return;
  }
  serve(request).catch((error: unknown) => {
    answer({ kind: 'failed', call: request.call, message: error instanceof Error ? error.message : String(error) });
  });
});
