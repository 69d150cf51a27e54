import { parentPort } from 'node:worker_threads';
import { loadOnDevice } from '../../inference/device-choice.ts';
import { FacePainter } from './face-painter.ts';
import { NeuralNetworks } from './neural-networks.ts';
import type { NeuralAnswer, NeuralRequest } from './neural-messages.ts';
import { batchTimes } from './warm-up.ts';

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

async function load({ graphs, device, threads, batch, batchBelowMs, shows }: Extract<NeuralRequest, { kind: 'load' }>): Promise<void> {
  const { loaded: networks, device: provider, reason } = await loadOnDevice(device, (each) => NeuralNetworks.load(graphs[each], { device: each, intraOpThreads: threads, batch }));
  painter = new FacePainter(networks, shows);
  const batchMs = await batchTimes(networks, { batch, batchBelowMs, settles: provider !== 'cpu' });
  answer({ kind: 'loaded', provider, providerReason: reason, sizePx: networks.sizePx, columns: networks.columns, batchMs });
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
