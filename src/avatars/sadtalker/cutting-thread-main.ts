import { parentPort } from 'node:worker_threads';
import { failedCall } from '../../base/failed-call.ts';
import type { CloseRequest } from '../../base/thread-calls.ts';
import { avatarPhoto } from '../avatar-photo.ts';
import { resizeBilinear } from './bilinear-resize.ts';
import type { CuttingAnswer, CuttingRequest } from './cutting-messages.ts';
import { faceTensor } from './face-tensor.ts';
import { cutPortrait, moveLandmarks } from './portrait-cut.ts';

const port = parentPort;
if (port === null) {
  throw new TypeError('cutting-thread-main.ts is the main file of a worker thread; start it with CuttingThread.');
}

function serve(request: CuttingRequest): CuttingAnswer {
  const { call } = request;
  if (request.kind === 'portrait') {
    const photo = avatarPhoto(request.order.layers);
    const { face, box, landmarks } = cutPortrait(photo, request.order.landmarks, request.order);
    return { kind: 'portrait', call, cut: { photo, face, box, tensor: faceTensor(face, landmarks) } };
  }
  const { picture, landmarks, sizePx } = request.order;
  const { width, height } = picture;
  const moved = moveLandmarks(landmarks, { left: 0, top: 0, right: width, bottom: height }, sizePx);
  return { kind: 'face', call, tensor: faceTensor(resizeBilinear(picture, sizePx, sizePx), moved) };
}

/** What is handed over, not copied. */
function buffersOf(answer: CuttingAnswer): ArrayBuffer[] {
  if (answer.kind === 'face') {
    return [answer.tensor.values.buffer];
  }
  const { photo, face, tensor } = answer.cut;
  return [photo.data, face.data, tensor.values].map(({ buffer }) => buffer as ArrayBuffer);
}

port.on('message', (request: CuttingRequest | CloseRequest) => {
  if (request.kind === 'close') {
    port.close();
    return;
  }
  try {
    const answer = serve(request);
    port.postMessage(answer, buffersOf(answer));
  } catch (error) {
    port.postMessage(failedCall(request.call, error));
  }
});
