import { parentPort } from 'node:worker_threads';
import { failedCall, type FailedCall } from '../base/failed-call.ts';
import type { CloseRequest } from '../base/thread-calls.ts';
import { OnnxSession } from './onnx-session.ts';
import type { NamedTensors, Tensor } from './tensor.ts';
import type { ThreadAnswer, ThreadRequest } from './thread-messages.ts';

const port = parentPort;
if (port === null) {
  throw new TypeError('onnx-thread-main.ts is the main file of a worker thread; start it with OnnxThread.');
}
const sessions = new Map<number, OnnxSession>();
let lastModel = 0;
let closing = false;

const answer = (message: ThreadAnswer | FailedCall, transfer: ArrayBuffer[] = []): void => { port.postMessage(message, transfer); };

async function run({ model, feeds, outputs: wanted }: Extract<ThreadRequest, { kind: 'run' }>): Promise<{ outputs: NamedTensors; transfer: ArrayBuffer[] }> {
  const session = sessions.get(model);
  if (session === undefined) {
    throw new Error(`Model ${model} is not loaded or was released.`);
  }
  const outputs: Record<string, Tensor> = {};
  const transfer: ArrayBuffer[] = [];
  for (const [name, { dims, data }] of Object.entries(await session.run(feeds, wanted))) {
    const copy = data.slice();
    outputs[name] = { dims, data: copy };
    transfer.push(copy.buffer);
  }
  return { outputs, transfer };
}

async function serve(request: ThreadRequest): Promise<void> {
  if (closing) {
    return;
  }
  switch (request.kind) {
    case 'load': {
      const session = await OnnxSession.load(request.path, request);
      lastModel += 1;
      sessions.set(lastModel, session);
      const [inputs, outputs] = [session.inputs, session.outputs].map((ports) => ports.map(({ name }) => name)) as [string[], string[]];
      answer({ kind: 'loaded', call: request.call, model: lastModel, inputs, outputs });
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

port.on('message', (request: ThreadRequest | CloseRequest) => {
  if (request.kind === 'close') {
    // Without its port nothing keeps the thread alive but the run under way.
    closing = true;
    port.close();
    return;
  }
  serve(request).catch((error: unknown) => { answer(failedCall(request.call, error)); });
});
