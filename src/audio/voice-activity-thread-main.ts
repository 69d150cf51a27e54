import { parentPort } from 'node:worker_threads';
import { failedCall, type FailedCall } from '../base/failed-call.ts';
import type { CloseRequest } from '../base/thread-calls.ts';
import { OnnxSession } from '../inference/onnx-session.ts';
import type { Tensor } from '../inference/tensor.ts';
import { VOICE_WINDOW_SAMPLES } from './voice-activity-detector.ts';
import type { HeardWindows, VoiceActivityAnswer, VoiceActivityRequest } from './voice-activity-messages.ts';

const port = parentPort;
if (port === null) {
  throw new TypeError('voice-activity-thread-main.ts is the main file of a worker thread; start it with VoiceActivityThread.');
}
const RATE: Tensor = { dims: [], data: BigInt64Array.of(16_000n) };
const OUTPUTS = ['output', 'stateN'] as const;
let network: OnnxSession | undefined;
let closing = false;

const answer = (message: VoiceActivityAnswer | FailedCall): void => { port.postMessage(message); };

async function hear({ sound, windows, state }: Extract<VoiceActivityRequest, { kind: 'hear' }>): Promise<HeardWindows> {
  if (network === undefined) {
    throw new TypeError('The voice activity thread has loaded no network.');
  }
  const inputSamples = sound.length - (windows - 1) * VOICE_WINDOW_SAMPLES;
  const probabilities: number[] = [];
  let last: Tensor = { dims: [2, 1, 128], data: state };
  for (let at = 0; at + inputSamples <= sound.length; at += VOICE_WINDOW_SAMPLES) {
    const input: Tensor = { dims: [1, inputSamples], data: sound.subarray(at, at + inputSamples) };
    const { output, stateN } = await network.run({ input, state: last, sr: RATE }, OUTPUTS);
    if (output === undefined || !(stateN?.data instanceof Float32Array)) {
      throw new TypeError(`The voice network gives no ${OUTPUTS.join(' and ')}.`);
    }
    probabilities.push(Number(output.data[0]));
    last = stateN;
  }
  return { probabilities, state: Float32Array.from(last.data, Number) };
}

async function serve(request: VoiceActivityRequest): Promise<void> {
  if (closing) {
    return;
  }
  if (request.kind === 'load') {
    network = await OnnxSession.load(request.path, { device: 'cpu', intraOpThreads: 1 });
    answer({ kind: 'loaded', call: request.call });
    return;
  }
  answer({ kind: 'heard', call: request.call, ...await hear(request) });
}

port.on('message', (request: VoiceActivityRequest | CloseRequest) => {
  if (request.kind === 'close') {
    // Without its port nothing keeps the thread alive but the run under way.
    closing = true;
    port.close();
    return;
  }
  serve(request).catch((error: unknown) => { answer(failedCall(request.call, error)); });
});
