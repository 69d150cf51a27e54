import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { FACE_COEFFICIENTS } from '../base/motion-frame.ts';
import type { MemoryBlock } from './memory-arena.ts';
import { POSE_FLOATS, type RenderAnswer, type RenderRequest } from './render-messages.ts';
import { inSteps } from './steps.ts';
import { WarpFace } from './warp-face.ts';
import { WarpKernel } from './warp-kernel.ts';
import { WarpPainter } from './warp-painter.ts';

/** An avatar's statics and how many drawings use them or wait for them. */
interface SharedFace {
  readonly id: string;
  readonly face: Promise<WarpFace>;
  drawings: number;
}

interface OpenDrawing {
  readonly shared: SharedFace;
  readonly painter: WarpPainter;
  readonly motions: Float32Array;
  readonly block: MemoryBlock;
}

type OpenRequest = Extract<RenderRequest, { kind: 'open' }>;

const MOTION_FLOATS = FACE_COEFFICIENTS.length + POSE_FLOATS;

const port = parentPort;
if (port === null) {
  throw new TypeError('render-thread-main.ts is the main file of a worker thread; start it with RenderThread.');
}
const kernel = await WarpKernel.load();
const faces = new Map<string, SharedFace>();
const drawings = new Map<number, OpenDrawing>();
/** Drawings that are asked for and not open yet. */
const opening = new Set<number>();
/** They are opened one after the other, in steps: the others are drawn in between. */
let openings = Promise.resolve();
const expression = new Float32Array(FACE_COEFFICIENTS.length);
const pose = { yawDeg: 0, pitchDeg: 0, rollDeg: 0, xMm: 0, yMm: 0 };

const answer = (message: RenderAnswer): void => { port.postMessage(message); };

/** Counts a drawing of an avatar; only the first one of them prepares it. */
function join({ avatarId: id, avatar }: OpenRequest): SharedFace {
  let shared = faces.get(id);
  if (shared === undefined) {
    if (avatar === undefined) {
      throw new TypeError(`The render thread does not hold the avatar ${id}.`);
    }
    shared = { id, face: openings.then(() => inSteps(WarpFace.open(kernel, avatar))), drawings: 0 };
    faces.set(id, shared);
  }
  shared.drawings += 1;
  return shared;
}

/** Opens a drawing when its turn comes; it is counted now, so that its face stays even if all others are closed meanwhile. */
function openInTurn(request: OpenRequest): void {
  const shared = join(request);
  opening.add(request.drawing);
  openings = openings.then(() => open(request, shared)).catch((error: unknown) => {
    opening.delete(request.drawing);
    leave(shared);
    answerFailure(request, error);
  });
}

async function open({ drawing, pictures }: OpenRequest, shared: SharedFace): Promise<void> {
  const face = await shared.face;
  await nextTurn();
  if (!opening.delete(drawing)) {
    // Every request is answered: a thread that owes an answer counts as hanging.
    throw new TypeError(`The drawing ${drawing} was closed before it was open.`);
  }
  const painter = new WarpPainter(face, pictures);
  try {
    const block = kernel.arena.take(pictures * MOTION_FLOATS * 4);
    const motions = new Float32Array(kernel.arena.memory.buffer, block.offset, pictures * MOTION_FLOATS);
    drawings.set(drawing, { shared, painter, motions, block });
    answer({ kind: 'opened', drawing, memory: kernel.arena.memory, picturesAt: painter.pictureAt(0), motionsAt: block.offset });
  } catch (error) {
    painter.close();
    throw error;
  }
}

/** Lets go of an avatar's statics; the last drawing frees them. */
function leave(shared: SharedFace): void {
  shared.drawings -= 1;
  if (shared.drawings === 0) {
    faces.delete(shared.id);
    // Where it could not be prepared, each of its drawings has said why.
    shared.face.then((face) => { face.close(); }, () => undefined);
  }
}

function draw(drawing: number, picture: number): void {
  const startMs = performance.now();
  const found = drawings.get(drawing);
  if (found === undefined) {
    throw new TypeError(`The render thread does not hold the drawing ${drawing}.`);
  }
  const at = picture * MOTION_FLOATS;
  expression.set(found.motions.subarray(at, at + expression.length));
  readPose(found.motions, at + expression.length);
  found.painter.draw({ expression, pose }, picture);
  answer({ kind: 'drawn', drawing, picture, ms: performance.now() - startMs });
}

function readPose(motions: Float32Array, at: number): void {
  pose.yawDeg = motions[at]!;
  pose.pitchDeg = motions[at + 1]!;
  pose.rollDeg = motions[at + 2]!;
  pose.xMm = motions[at + 3]!;
  pose.yMm = motions[at + 4]!;
}

/** Closes a drawing; one that waits to be opened is left out when its turn comes. */
function close(drawing: number): void {
  opening.delete(drawing);
  const found = drawings.get(drawing);
  if (found === undefined) {
    return;
  }
  drawings.delete(drawing);
  found.painter.close();
  kernel.arena.give(found.block);
  leave(found.shared);
}

function serve(request: RenderRequest): void {
  switch (request.kind) {
    case 'open': {
      openInTurn(request);
      return;
    }
    case 'draw': {
      draw(request.drawing, request.picture);
      return;
    }
    case 'close': {
      close(request.drawing);
    }
  }
}

function answerFailure(request: RenderRequest, error: unknown): void {
  const picture = request.kind === 'draw' ? request.picture : undefined;
  answer({ kind: 'failed', drawing: request.drawing, picture, message: error instanceof Error ? error.message : String(error) });
}

port.on('message', (request: RenderRequest) => {
  try {
    serve(request);
  } catch (error) {
    answerFailure(request, error);
  }
});
