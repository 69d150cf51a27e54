import type { Avatar } from '../avatars/avatar.ts';
import { FACE_COEFFICIENTS, FACE_INDEX, type MotionFrame } from '../base/motion-frame.ts';
import { WarpRenderer } from './warp-renderer.ts';

/** Time of one frame on a render thread, in milliseconds. */
export interface RenderTimes {
  readonly median: number;
  readonly p95: number;
}

/** Frames drawn before the clock counts: the engine compiles meanwhile. */
const WARM_UP_FRAMES = 100;

/** Measures how long a render thread takes for a frame in which mouth, eyes and head move; `frames` frames one after the other. */
export async function renderBench(avatar: Avatar, frames = 250): Promise<RenderTimes> {
  const times: number[] = [];
  await using renderer = new WarpRenderer({ threads: 1, stats: { stageMs: (_, ms) => { times.push(ms); }, count: () => undefined } });
  const drawing = await renderer.open(avatar);
  for (let frame = 0; frame < WARM_UP_FRAMES + frames; frame += 1) {
    const picture = await drawing.draw(talkingMotion(frame));
    picture.release();
  }
  const sorted = times.slice(WARM_UP_FRAMES).sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0 };
}

/** A head that sways, a mouth that opens five times a second and eyes that wander and blink. */
function talkingMotion(frame: number): MotionFrame {
  const seconds = frame / 25;
  const expression = new Float32Array(FACE_COEFFICIENTS.length);
  expression[FACE_INDEX.jaw] = 5 + 5 * Math.sin(seconds * 31);
  expression[FACE_INDEX.stretch] = 0.5 + 0.5 * Math.sin(seconds * 9);
  expression[FACE_INDEX.lowerDown] = 0.2;
  expression[FACE_INDEX.brow] = 0.3 * Math.sin(seconds * 3);
  expression[FACE_INDEX.gazeX] = 0.4 * Math.sin(seconds * 2);
  expression[FACE_INDEX.blinkLeft] = expression[FACE_INDEX.blinkRight] = frame % 75 < 6 ? 0.7 : 0;
  const pose = { yawDeg: 6 * Math.sin(seconds * 2), pitchDeg: 3 * Math.sin(seconds * 3), rollDeg: 2 * Math.sin(seconds * 1.3), xMm: 0, yMm: Math.sin(seconds) };
  return { mediaUs: frame * 40_000, expression, pose };
}
