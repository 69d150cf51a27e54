import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { InvalidStateError } from '../base/errors.ts';
import { failedCall, type FailedCall } from '../base/failed-call.ts';
import type { CloseRequest } from '../base/thread-calls.ts';
import { OnnxThread } from '../inference/onnx-thread.ts';
import { FaceDetector } from './face-detector.ts';
import { FaceMesh } from './face-mesh.ts';
import { PersonMatte } from './person-matte.ts';
import { PortraitAnalysis } from './portrait-analysis.ts';
import type { PreparationAnswer, PreparationRequest } from './preparation-messages.ts';

const port = parentPort;
if (port === null) {
  throw new TypeError('preparation-thread-main.ts is the main file of a worker thread; start it with PreparationThread.');
}
const { modelsFolder } = workerData as { readonly modelsFolder: string };
const thread = new OnnxThread();
let closing = false;

async function loadAnalysis(): Promise<PortraitAnalysis> {
  const load = (name: string): ReturnType<OnnxThread['load']> => thread.load(join(modelsFolder, 'face', `${name}.onnx`));
  const [detector, mesh, iris, matte] = await Promise.all([load('blazeface'), load('facemesh'), load('iris'), load('selfie')]);
  return new PortraitAnalysis({ detector: new FaceDetector(detector), mesh: new FaceMesh({ mesh, iris }), matte: new PersonMatte(matte) });
}

const analysis = loadAnalysis();
// A failure to load is told to every caller in `serve`; until then it must not count as unhandled.
analysis.catch(() => undefined);

async function serve(request: PreparationRequest): Promise<void> {
  const ready = await analysis;
  if (request.kind === 'findFaces') {
    answer({ kind: 'faces', call: request.call, faces: await ready.findFaces(request.image) });
    return;
  }
  if (request.kind === 'findMesh') {
    answer({ kind: 'mesh', call: request.call, points: await ready.findMesh(request.image) });
    return;
  }
  const portrait = await ready.analyse(request.piece, request.face);
  answer({ kind: 'analysed', call: request.call, portrait }, [...new Set(
    Object.values(portrait).filter((value) => ArrayBuffer.isView(value)).map((value) => value.buffer),
  )] as ArrayBuffer[]);
}

function answer(message: PreparationAnswer | FailedCall, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

port.on('message', (request: PreparationRequest | CloseRequest) => {
  if (request.kind === 'close') {
    // Without its port and the inference thread nothing keeps this one alive but the call under way.
    closing = true;
    port.close();
    void thread.close();
    return;
  }
  serve(request).catch((error: unknown) => {
    answer(failedCall(request.call, error));
    if (error instanceof InvalidStateError && !closing) {
      // The inference thread died. This one goes with it, and the owner starts a new pair.
      setImmediate(() => { throw error; });
    }
  });
});
