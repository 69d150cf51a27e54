import { NEUTRAL_POSE, type HeadPose } from '../base/motion-frame.ts';
import { HeadGestures, type HeadMode, type HeadStyle } from './head-gestures.ts';
import { leanWithTurn, MOST_MOVE_MM, moveOfFaceMm, type MutablePose } from './head-reach.ts';
import type { Random } from './random.ts';
import type { SpeakingManner } from './speaking-manner.ts';

/** A chunk is whole strokes of at least so many frames together, as PoseVAE's 32. */
const CHUNK_FRAMES = 32;

/** The next chunk is made when so few frames are left of this one: half a second. */
export const AHEAD_FRAMES = 12;

/** Longest stroke. */
const MOST_STROKE_FRAMES = 64;

/** Frames kept, as a power of two: what is left of a chunk, one chunk with its last stroke, and the two frames before. */
const RING_FRAMES = 128;

/** Part of the speed allowed that a stroke takes at its middle, where it is 1.875 times as fast as on the whole: the rest is for nods. */
const STROKE_SPEED = 0.8 * MOST_MOVE_MM;
const PEAK_SPEED = 1.875;

const AXES = ['yawDeg', 'pitchDeg', 'rollDeg'] as const;

/** One axis of a stroke: from where it goes with which speed and acceleration (per frame), and where to. */
interface Stroke {
  from: number;
  speed: number;
  push: number;
  to: number;
}

/**
 * Plans one head's postures in chunks ahead of time, as degrees from the portrait's own pose. Each chunk depends on how the voice
 * spoke until it is made, and begins where the last one ends. When the head has something else to do, the rest of the plan is
 * dropped and made anew from the present place, speed and acceleration, so that neither can be seen.
 */
export class HeadPlan {
  readonly #gestures: HeadGestures;
  readonly #ring: Readonly<Record<(typeof AXES)[number], Float64Array>>;
  readonly #strokes: Readonly<Record<(typeof AXES)[number], Stroke>>;
  readonly #change: MutablePose = { ...NEUTRAL_POSE };
  #mode: HeadMode = 'idle';
  #planned = 0;
  #played = 0;

  constructor(random: Random, options: { readonly style: HeadStyle; readonly firstPose: HeadPose }) {
    this.#gestures = new HeadGestures(random, options);
    const ring = (): Float64Array => new Float64Array(RING_FRAMES);
    this.#ring = { yawDeg: ring(), pitchDeg: ring(), rollDeg: ring() };
    const stroke = (): Stroke => ({ from: 0, speed: 0, push: 0, to: 0 });
    this.#strokes = { yawDeg: stroke(), pitchDeg: stroke(), rollDeg: stroke() };
  }

  /** Frames that are planned and not yet played. */
  get framesAhead(): number {
    return this.#planned - this.#played;
  }

  /** Writes the angles of the next video frame into the pose. */
  next(mode: HeadMode, manner: SpeakingManner, pose: MutablePose): void {
    if (mode !== this.#mode) {
      this.#mode = mode;
      this.#startAnew(manner);
    }
    if (this.framesAhead < AHEAD_FRAMES) {
      this.#planChunk(manner);
    }
    const at = this.#played & (RING_FRAMES - 1);
    for (const axis of AXES) {
      pose[axis] = this.#ring[axis][at]!;
    }
    this.#played += 1;
  }

  #planChunk(manner: SpeakingManner): void {
    const end = this.#planned + CHUNK_FRAMES;
    while (this.#planned < end) {
      this.#gestures.next(manner);
      this.#addStroke();
    }
  }

  /** Drops what is planned and begins the new mode from where the head is and as it moves. */
  #startAnew(manner: SpeakingManner): void {
    for (const axis of AXES) {
      const before = this.#at(axis, -2);
      const now = this.#at(axis, -1);
      const after = this.#at(axis, 0);
      const stroke = this.#strokes[axis];
      stroke.from = now;
      stroke.speed = (after - before) / 2;
      stroke.push = after - 2 * now + before;
      this.#change[axis] = now;
    }
    this.#planned = this.#played;
    this.#gestures.begin(this.#mode, manner, this.#change);
    this.#addStroke();
  }

  #at(axis: (typeof AXES)[number], frame: number): number {
    return this.#ring[axis][(this.#played + frame) & (RING_FRAMES - 1)]!;
  }

  /** Adds the way to the gesture's goal, in its frames or as many more as the speed allowed takes. */
  #addStroke(): void {
    const { goal } = this.#gestures;
    for (const axis of AXES) {
      this.#strokes[axis].to = goal[axis];
      this.#change[axis] = goal[axis] - this.#strokes[axis].from;
    }
    leanWithTurn(this.#change);
    const least = Math.ceil((PEAK_SPEED * moveOfFaceMm(this.#change)) / STROKE_SPEED);
    const frames = Math.min(MOST_STROKE_FRAMES, Math.max(this.#gestures.frames, least));
    for (const axis of AXES) {
      this.#draw(this.#strokes[axis], this.#ring[axis], frames);
    }
    this.#planned += frames;
  }

  /**
   * Writes one axis of a stroke into the ring: the quintic from its place, speed and acceleration to a standstill at its end
   * (the way of least jerk), where it turns back as sharply as the gesture says. Leaves the stroke at its end.
   */
  #draw(stroke: Stroke, ring: Float64Array, frames: number): void {
    const { from, to } = stroke;
    const way = to - from;
    const speed = stroke.speed * frames;
    const push = stroke.push * frames * frames;
    const pushBack = -this.#gestures.turn * way;
    const cubic = 10 * way - 6 * speed - 1.5 * push + 0.5 * pushBack;
    const quartic = -15 * way + 8 * speed + 1.5 * push - pushBack;
    const quintic = 6 * way - 3 * speed - 0.5 * push + 0.5 * pushBack;
    for (let frame = 1; frame <= frames; frame++) {
      const t = frame / frames;
      ring[(this.#planned + frame - 1) & (RING_FRAMES - 1)] = from + t * (speed + t * (push / 2 + t * (cubic + t * (quartic + t * quintic))));
    }
    stroke.from = to;
    stroke.speed = 0;
    stroke.push = pushBack / (frames * frames);
  }
}
