import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEUTRAL_POSE } from '../../src/base/motion-frame.ts';
import type { HeadMode } from '../../src/motion/head-gestures.ts';
import { AHEAD_FRAMES, HeadPlan } from '../../src/motion/head-plan.ts';
import { Random } from '../../src/motion/random.ts';
import { SpeakingManner } from '../../src/motion/speaking-manner.ts';

const AXES = ['yawDeg', 'pitchDeg', 'rollDeg'] as const;

const FLAT: SpeakingManner = Object.assign(new SpeakingManner(), { loudness: 0.4, pitchRange: 0.3, stressHz: 0.3 });
const VIGOROUS: SpeakingManner = Object.assign(new SpeakingManner(), { loudness: 0.8, pitchRange: 4, stressHz: 2.6 });

type Angles = Record<(typeof AXES)[number], number>;

interface Played {
  readonly frames: readonly Angles[];
  readonly ahead: readonly number[];
}

function play(count: number, { mode = (): HeadMode => 'speaking', manner = (): SpeakingManner => VIGOROUS, seed = 1 }: {
  readonly mode?: (frame: number) => HeadMode;
  readonly manner?: (frame: number) => SpeakingManner;
  readonly seed?: number;
} = {}): Played {
  const plan = new HeadPlan(new Random(seed), { style: 'lively', firstPose: NEUTRAL_POSE });
  const pose = { ...NEUTRAL_POSE };
  const ahead: number[] = [];
  const frames = Array.from({ length: count }, (_, frame) => {
    plan.next(mode(frame), manner(frame), pose);
    ahead.push(plan.framesAhead);
    return { yawDeg: pose.yawDeg, pitchDeg: pose.pitchDeg, rollDeg: pose.rollDeg };
  });
  return { frames, ahead };
}

/** Largest change of a difference from one frame to the next: of order 1 the speed, 2 the acceleration, 3 the jerk. */
function most(frames: readonly Angles[], order: number): number {
  return Math.max(...AXES.map((axis) => {
    let values = frames.map((angles) => angles[axis]);
    for (let i = 0; i < order; i++) {
      values = values.slice(1).map((value, at) => value - values[at]!);
    }
    return Math.max(...values.map(Math.abs));
  }));
}

test('the next chunk is there half a second before it is needed', () => {
  const { ahead } = play(2000);
  assert.ok(ahead.every((frames) => frames >= AHEAD_FRAMES - 1 && frames < 128), `${Math.min(...ahead)} to ${Math.max(...ahead)} frames ahead`);
  const chunks = ahead.slice(1).filter((frames, i) => frames > ahead[i]!).length;
  assert.ok(chunks > 2000 / 64 && chunks <= 2000 / 32, `${chunks} chunks in 2000 frames`);
});

test('what is planned stays: another manner of speaking changes the frames after those ahead', () => {
  const { ahead } = play(501);
  const [before, after] = [play(700).frames, play(700, { manner: (frame) => (frame > 500 ? FLAT : VIGOROUS) }).frames];
  const planned = 501 + ahead[500]!;
  assert.deepEqual(after.slice(0, planned), before.slice(0, planned));
  assert.notDeepEqual(after.slice(planned, planned + 80), before.slice(planned, planned + 80));
});

test('another mode begins at once, from the present place and speed: it is never as sharp as a nod', () => {
  const random = new Random(3);
  const modes = ['idle', 'listening', 'speaking', 'pausing'] as const;
  const order = Array.from({ length: 4000 }, () => modes[Math.floor(4 * random.next())]!);
  for (const length of [7, 25]) {
    const { frames } = play(4000, { mode: (frame) => order[Math.floor(frame / length)]! });
    const differences = [1, 2, 3].map((degree) => most(frames, degree));
    // A nod of 2° with the strongest stress begins with 0.4° a frame squared.
    assert.ok(differences[0]! < 0.35 && differences[1]! < 0.14 && differences[2]! < 0.1, `speed, acceleration, jerk: ${differences.join(', ')}° a frame`);
  }
});

test('the joints of chunks are as smooth as what is within them', () => {
  const { frames, ahead } = play(4000);
  const joints = ahead.flatMap((count, i) => (i > 2 && i + 12 < 4000 && count > ahead[i - 1]! ? [i + AHEAD_FRAMES] : []));
  const sharpest = Math.max(...joints.map((at) => most(frames.slice(at - 3, at + 4), 3)));
  assert.ok(joints.length > 50 && sharpest <= most(frames, 3) && most(frames, 2) < 0.09 && most(frames, 3) < 0.07, `${sharpest}°, ${most(frames, 3)}°`);
});

test('a head begins as in its portrait, and moves more with a vigorous voice than with a flat one', () => {
  const moved = (manner: SpeakingManner): number => {
    const { frames } = play(5000, { manner: () => manner });
    assert.ok(Math.abs(frames[0]!.yawDeg) < 0.05 && Math.abs(frames[0]!.pitchDeg) < 0.05);
    return frames.reduce((sum, { yawDeg }, i) => sum + Math.abs(yawDeg - (frames[i - 1]?.yawDeg ?? 0)), 0);
  };
  const [flat, vigorous] = [moved(FLAT), moved(VIGOROUS)];
  assert.ok(vigorous > 1.7 * flat, `${vigorous}° and ${flat}° in all`);
});

test('the same seed gives the same plan, another one another', () => {
  assert.deepEqual(play(500), play(500));
  assert.notDeepEqual(play(500).frames, play(500, { seed: 2 }).frames);
});
