import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import type { NeuralAnswer, NeuralRequest } from '../../../src/render/sadtalker/neural-messages.ts';
import { slotViews, type SlotViews } from '../../../src/render/sadtalker/slot-memory.ts';

/** First coefficients that make the stub misbehave; any other is written into the picture. */
const DIES = -1;
const HANGS = -2;
const FAILS = -3;

/** What a batch of one takes where the networks never get loaded. */
const NEVER_LOADS = 0;

/** Stands for the networks. What batches of 1, 2, … are said to take, and do take: the name of the graph file, `10,12`; it holds how many of them run, or nothing. */
let batchMs: readonly number[] = [];
const drawings = new Map<number, SlotViews>();
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const answer = (message: NeuralAnswer): void => { parentPort?.postMessage(message); };

/** Opens any portrait but `broken`, and `once` only until it was drawn: a new thread finds its motions in the memory. */
function open({ drawing, portrait, memory }: Extract<NeuralRequest, { kind: 'open' }>): void {
  const views = slotViews(memory);
  if (portrait.id === 'broken' || (portrait.id === 'once' && views.motions.some((motion) => motion[0] !== 0))) {
    answer({ kind: 'failed', asked: 'open', drawing, message: 'no face' });
    return;
  }
  drawings.set(drawing, views);
  answer({ kind: 'opened', drawing });
}

function draw(frames: Extract<NeuralRequest, { kind: 'draw' }>['frames']): void {
  const ms = batchMs[frames.length - 1]!;
  Atomics.wait(sleeper, 0, 0, ms);
  for (const { drawing, slot } of frames) {
    const first = drawings.get(drawing)?.motions[slot]?.[0] ?? FAILS;
    if (first === DIES) {
      process.exit(1);
    } else if (first === HANGS) {
      Atomics.wait(sleeper, 0, 0);
    } else if (first === FAILS) {
      answer({ kind: 'failed', asked: 'draw', message: 'no memory' });
      return;
    }
    drawings.get(drawing)?.pictures[slot]?.fill(first);
  }
  answer({ kind: 'drawn', ms });
}

parentPort?.on('message', (request: NeuralRequest) => {
  switch (request.kind) {
    case 'load': {
      batchMs = basename(request.graphs.cpu.render).split(',').map(Number);
      const most = readFileSync(request.graphs.cpu.render, 'utf8');
      if (batchMs[0] === NEVER_LOADS) {
        return;
      }
      answer({ kind: 'loaded', provider: 'cpu', providerReason: 'a stub', sizePx: 16, columns: 1, batchMs: batchMs.slice(0, most === '' ? request.batch : Number(most)) });
      return;
    }
    case 'open': {
      open(request);
      return;
    }
    case 'draw': {
      draw(request.frames);
      return;
    }
    case 'closeDrawing': {
      drawings.delete(request.drawing);
      return;
    }
    case 'close': {
      parentPort?.close();
    }
  }
});
