import { parentPort } from 'node:worker_threads';
import { FACE_COEFFICIENTS } from '../base/motion-frame.ts';
import type { Avatar } from '../avatars/avatar.ts';
import type { MemoryBlock } from './memory-arena.ts';
import { POSE_FLOATS, type RenderAnswer, type RenderRequest } from './render-messages.ts';
import { WarpFace } from './warp-face.ts';
import { WarpKernel } from './warp-kernel.ts';
import { WarpPainter } from './warp-painter.ts';

/** An avatar's statics and how many drawings use them. */
interface SharedFace {
  readonly id: string;
  readonly face: WarpFace;
  drawings: number;
}

interface OpenDrawing {
  readonly shared: SharedFace;
  readonly painter: WarpPainter;
  readonly motions: Float32Array;
  readonly block: MemoryBlock;
}

const MOTION_FLOATS = FACE_COEFFICIENTS.length + POSE_FLOATS;

const port = parentPort;
if (port === null) {
  throw new TypeError('render-thread-main.ts is the main file of a worker thread; start it with RenderThread.');
}
const kernel = await WarpKernel.load();
const faces = new Map<string, SharedFace>();
const drawings = new Map<number, OpenDrawing>();
const expression = new Float32Array(FACE_COEFFICIENTS.length);
const pose = { yawDeg: 0, pitchDeg: 0, rollDeg: 0, xMm: 0, yMm: 0 };

const answer = (message: RenderAnswer): void => { port.postMessage(message); };

function sharedFace(id: string, avatar: Avatar | undefined): SharedFace {
  const known = faces.get(id);
  if (known !== undefined) {
    return known;
  }
  if (avatar === undefined) {
    throw new TypeError(`The render thread does not hold the avatar ${id}.`);
  }
  const shared = { id, face: new WarpFace(kernel, avatar), drawings: 0 };
  faces.set(id, shared);
  return shared;
}

function open(request: Extract<RenderRequest, { kind: 'open' }>): void {
  const shared = sharedFace(request.avatarId, request.avatar);
  shared.drawings += 1;
  let painter: WarpPainter | undefined;
  try {
    painter = new WarpPainter(shared.face, request.pictures);
    const block = kernel.arena.take(request.pictures * MOTION_FLOATS * 4);
    const motions = new Float32Array(kernel.arena.memory.buffer, block.offset, request.pictures * MOTION_FLOATS);
    drawings.set(request.drawing, { shared, painter, motions, block });
    answer({ kind: 'opened', drawing: request.drawing, memory: kernel.arena.memory, picturesAt: painter.pictureAt(0), motionsAt: block.offset });
  } catch (error) {
    painter?.close();
    drop(shared);
    throw error;
  }
}

/** Lets go of an avatar's statics; the last drawing frees them. */
function drop(shared: SharedFace): void {
  shared.drawings -= 1;
  if (shared.drawings === 0) {
    shared.face.close();
    faces.delete(shared.id);
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

function close(drawing: number): void {
  const found = drawings.get(drawing);
  if (found === undefined) {
    return;
  }
  drawings.delete(drawing);
  found.painter.close();
  kernel.arena.give(found.block);
  drop(found.shared);
}

function serve(request: RenderRequest): void {
  switch (request.kind) {
    case 'open': {
      open(request);
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

port.on('message', (request: RenderRequest) => {
  try {
    serve(request);
  } catch (error) {
    const picture = request.kind === 'draw' ? request.picture : undefined;
    answer({ kind: 'failed', drawing: request.drawing, picture, message: error instanceof Error ? error.message : String(error) });
  }
});
