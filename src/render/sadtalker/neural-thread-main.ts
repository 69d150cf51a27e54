import { parentPort } from 'node:worker_threads';
import { loadOnDevice } from '../../inference/device-choice.ts';
import type { Device } from '../../inference/thread-messages.ts';
import { FacePainter } from './face-painter.ts';
import { NeuralNetworks } from './neural-networks.ts';
import type { NeuralAnswer, NeuralRequest } from './neural-messages.ts';
import { measureBatches, type MeasuredBatches } from './warm-up.ts';

const port = parentPort;
if (port === null) {
  throw new TypeError('neural-thread-main.ts is the main file of a worker thread; start it with NeuralThread.');
}
let painter: FacePainter | undefined;
/** Requests are served one after the other. */
let tail = Promise.resolve();
let closing = false;

const answer = (message: NeuralAnswer): void => { port.postMessage(message); };

function opened(): FacePainter {
  if (painter === undefined) {
    throw new TypeError('The neural thread has loaded no networks.');
  }
  return painter;
}

type LoadRequest = Extract<NeuralRequest, { kind: 'load' }>;

async function load(request: LoadRequest): Promise<void> {
  const { loaded: { networks, batchMs, stopped }, device: provider, reason } = await loadOnDevice(request.device, (device) => loadAndMeasure(request, device));
  painter = await FacePainter.load(networks, request.shows);
  const providerReason = stopped === undefined ? reason : `${reason}; ${stopped}`;
  answer({ kind: 'loaded', provider, providerReason, sizePx: networks.sizePx, columns: networks.columns, batchMs });
}

/** A device that loads the networks may still be unable to run them. */
async function loadAndMeasure({ graphs, threads, batch, batchBelowMs }: LoadRequest, device: Device): Promise<MeasuredBatches & { networks: NeuralNetworks }> {
  const networks = await NeuralNetworks.load(graphs[device], { device, intraOpThreads: threads, batch });
  try {
    return { networks, ...await measureBatches(networks, { batch, batchBelowMs, settles: device !== 'cpu' }) };
  } catch (error) {
    await networks.release();
    throw error;
  }
}

async function serve(request: Exclude<NeuralRequest, { kind: 'close' }>): Promise<void> {
  switch (request.kind) {
    case 'load': {
      await load(request);
      return;
    }
    case 'open': {
      await opened().open(request);
      answer({ kind: 'opened', drawing: request.drawing });
      return;
    }
    case 'draw': {
      const startMs = performance.now();
      await opened().draw(request.frames);
      answer({ kind: 'drawn', ms: performance.now() - startMs });
      return;
    }
    case 'closeDrawing': {
      opened().close(request.drawing);
    }
  }
}

function answerFailure(request: NeuralRequest, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (request.kind === 'open') {
    answer({ kind: 'failed', asked: 'open', drawing: request.drawing, message });
  } else if (request.kind === 'load' || request.kind === 'draw') {
    answer({ kind: 'failed', asked: request.kind, message });
  } else {
    throw error;
  }
}

port.on('message', (request: NeuralRequest) => {
  if (request.kind === 'close') {
    // Without its port nothing keeps the thread alive but the run under way.
    closing = true;
    port.close();
    return;
  }
  tail = tail.then(() => (closing ? undefined : serve(request))).catch((error: unknown) => { answerFailure(request, error); });
});
