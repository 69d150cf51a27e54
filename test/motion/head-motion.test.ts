import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FACE_COEFFICIENTS, FACE_INDEX, NEUTRAL_POSE, type HeadPose } from '../../src/base/motion-frame.ts';
import { EyeMotion } from '../../src/motion/eye-motion.ts';
import type { FaceState } from '../../src/motion/face-state.ts';
import { HeadMotion, type HeadStyle } from '../../src/motion/head-motion.ts';
import { Prosody } from '../../src/motion/prosody.ts';
import { Random } from '../../src/motion/random.ts';
import { joined, melWindows, realClip, silence } from './sound.ts';

/** Points of the head in mm from the neck's pivot, right, down and toward the camera: nose, forehead, crown, cheeks, ears, brows. */
const HEAD_POINTS = [[0, -20, 115], [0, -100, 90], [0, -150, 60], [-70, -60, 30], [70, -60, 30], [-75, -30, 10], [75, -30, 10]] as const;
const BROW_POINTS = [[-35, -70, 90], [35, -70, 90]] as const;

/** Where a point is drawn, in mm: turned by yaw, then pitch, then roll, then shifted. */
function drawn([right, down, front]: readonly [number, number, number], pose: HeadPose): readonly [number, number] {
  const [yaw, pitch, roll] = [pose.yawDeg, pose.pitchDeg, pose.rollDeg].map((deg) => (deg * Math.PI) / 180) as [number, number, number];
  const x = right * Math.cos(yaw) + front * Math.sin(yaw);
  const z = front * Math.cos(yaw) - right * Math.sin(yaw);
  const y = down * Math.cos(pitch) + z * Math.sin(pitch);
  return [x * Math.cos(roll) - y * Math.sin(roll) + pose.xMm, x * Math.sin(roll) + y * Math.cos(roll) + pose.yMm];
}

/** Frames of one head and its eyes, and the most that a point of the head moved from each to the next, in mm. */
function movesMm(style: HeadStyle, seed: number, frames: Iterable<readonly [Prosody, FaceState]>): number[] {
  const random = new Random(seed);
  const [eyes, head] = [new EyeMotion(random), new HeadMotion(random, { liveliness: 1.5, style, firstPose: NEUTRAL_POSE })];
  let last: (readonly [number, number])[] = [];
  return Array.from(frames, ([prosody, state]) => {
    const pose = head.next(prosody, state);
    assert.ok(Math.abs(pose.yawDeg) <= 6 && Math.abs(pose.pitchDeg) <= 5 && Math.abs(pose.rollDeg) <= 4, JSON.stringify(pose));
    const expression = new Float32Array(FACE_COEFFICIENTS.length);
    eyes.next(expression, pose, prosody, state);
    const browMm = 5 * expression[FACE_INDEX.brow]!;
    const points = [...HEAD_POINTS.map((point) => drawn(point, pose)), ...BROW_POINTS.map(([right, down, front]) => drawn([right, down - browMm, front], pose))];
    const moves = points.map(([x, y], i) => Math.hypot(x - (last[i] ?? points[i]!)[0], y - (last[i] ?? points[i]!)[1]));
    last = points;
    return Math.max(...moves);
  });
}

test('no point of the head, its brows included, moves more than 1.5 px a frame at 512 px, in any style and state, interrupts included', () => {
  const windows = melWindows(joined(silence(2), ...Array.from({ length: 6 }, () => joined(realClip().samples, silence(0.8)))));
  function* heard(): Generator<readonly [Prosody, FaceState]> {
    const prosody = new Prosody();
    for (const [frame, window] of windows.entries()) {
      if (frame % 170 === 169) {
        prosody.reset();
      }
      prosody.update(window);
      yield [prosody, frame < 50 ? 'idle' : frame < 400 ? 'speaking' : 'listening'];
    }
  }
  for (const style of ['calm', 'lively', 'presenter'] as const) {
    for (const seed of [1, 2, 3]) {
      const moves = movesMm(style, seed, heard());
      assert.ok(Math.max(...moves) * 1.67 < 1.5, `${style}, seed ${seed}: ${Math.max(...moves)} mm`);
    }
  }
});

test('nor does it whatever is heard: wild prosody and states are held to the same bounds', () => {
  function* wild(seed: number): Generator<readonly [Prosody, FaceState]> {
    const [random, prosody] = [new Random(seed), new Prosody()];
    for (let frame = 0; frame < 3000; frame++) {
      prosody.speaking = random.chance(0.9) ? prosody.speaking : !prosody.speaking;
      prosody.energy = random.next();
      prosody.accent = random.chance(0.4) ? 1 : 0;
      prosody.pitch = random.chance(0.5) ? random.between(-30, 30) : undefined;
      prosody.overUsualDb = random.between(-30, 30);
      yield [prosody, random.chance(0.7) ? 'speaking' : random.chance(0.5) ? 'listening' : 'idle'];
    }
  }
  for (const seed of [1, 2, 3]) {
    const moves = movesMm('presenter', seed, wild(seed));
    assert.ok(Math.max(...moves) * 1.67 < 1.5, `seed ${seed}: ${Math.max(...moves)} mm`);
  }
});

/** Poses of a head that hears a clip again and again, with pauses between. */
function speech(style: HeadStyle, seed: number, change: (samples: Float32Array) => Float32Array = (samples) => samples): { pose: HeadPose; prosody: Prosody }[] {
  const [prosody, head] = [new Prosody(), new HeadMotion(new Random(seed), { liveliness: 1, style, firstPose: NEUTRAL_POSE })];
  const clip = change(realClip().samples);
  return melWindows(joined(...Array.from({ length: 8 }, () => joined(clip, silence(1.6))))).map((window) => {
    prosody.update(window);
    const pose = head.next(prosody, 'speaking');
    return { pose, prosody: Object.assign(new Prosody(), prosody) };
  });
}

function turnDeg(frames: readonly { pose: HeadPose }[]): number {
  return Math.sqrt(frames.reduce((sum, { pose }) => sum + pose.yawDeg ** 2 + pose.pitchDeg ** 2 + pose.rollDeg ** 2, 0) / frames.length);
}

test('a head settles in pauses: it comes back toward the portrait\'s pose, within a second, and moves on in the next phrase', () => {
  const frames = [1, 2, 3, 4].flatMap((seed) => speech('lively', seed));
  const sincePause = (i: number): number => {
    let frame = 0;
    while (i - frame >= 0 && !frames[i - frame]!.prosody.speaking) {
      frame += 1;
    }
    return frame;
  };
  const spoken = frames.filter((_, i) => sincePause(i) === 0);
  const settled = frames.filter((_, i) => sincePause(i) > 24);
  assert.ok(settled.length > 100 && turnDeg(settled) < 0.5 * turnDeg(spoken), `${turnDeg(settled)}° in pauses, ${turnDeg(spoken)}° in speech`);
});

test('the head goes up with the voice\'s pitch', () => {
  const [low, high] = [-3, 4].map((pitch) => {
    const [head, prosody] = [new HeadMotion(new Random(2), { liveliness: 1, style: 'lively', firstPose: NEUTRAL_POSE }), new Prosody()];
    prosody.speaking = true;
    let sum = 0;
    for (let frame = 0; frame < 1000; frame++) {
      prosody.pitch = frame % 20 < 10 ? pitch : undefined;
      sum += head.next(prosody, 'speaking').pitchDeg / 1000;
    }
    return sum;
  }) as [number, number];
  assert.ok(high < low - 0.6, `down by ${high}° with a high voice, ${low}° with a low one`);
});

test('a head without liveliness only breathes', () => {
  const head = new HeadMotion(new Random(1), { liveliness: 0, style: 'lively', firstPose: NEUTRAL_POSE });
  const poses = Array.from({ length: 500 }, () => head.next(new Prosody(), 'idle'));
  assert.ok(poses.every((pose) => Math.abs(pose.yawDeg) === 0 && Math.abs(pose.rollDeg) === 0 && pose.xMm === 0));
  assert.ok(Math.min(...poses.map((pose) => pose.yMm)) < -0.7);
});

test('most stressed syllables make the head nod: it moves within 160 ms and is back after a second; some do not', () => {
  let nods = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const [struck, calm] = [1, 2].map(() => new HeadMotion(new Random(seed), { liveliness: 1, style: 'lively', firstPose: NEUTRAL_POSE })) as [HeadMotion, HeadMotion];
    const prosody = new Prosody();
    // Both drew the same numbers, and nothing is drawn until the plan is used up; only the struck one hears an accent.
    [struck, calm].forEach((head) => { head.next(new Prosody(), 'idle'); });
    prosody.accent = 1;
    const differences = [struck.next(prosody, 'idle').pitchDeg - calm.next(new Prosody(), 'idle').pitchDeg];
    for (let frame = 1; frame < 24; frame++) {
      differences.push(struck.next(new Prosody(), 'idle').pitchDeg - calm.next(new Prosody(), 'idle').pitchDeg);
    }
    const sizes = differences.map(Math.abs);
    nods += Math.max(...sizes) > 0.4 ? 1 : 0;
    assert.ok(Math.max(...sizes) === 0 || sizes[4]! > 0.6 * Math.max(...sizes), `after 160 ms ${sizes[4]}° of ${Math.max(...sizes)}°`);
    assert.ok(Math.max(...sizes) < 2.5 && sizes[23]! < 0.25, `after a second ${sizes[23]}°`);
  }
  assert.ok(nods > 20 && nods < 40, `${nods} of 40`);
});

test('every pose is an object of its own', () => {
  const head = new HeadMotion(new Random(1), { liveliness: 1, style: 'lively', firstPose: NEUTRAL_POSE });
  assert.notEqual(head.next(new Prosody(), 'idle'), head.next(new Prosody(), 'idle'));
});

test('a presenter moves more than a lively head, and that more than a calm one; another style is refused', () => {
  const moved = (style: HeadStyle): number => turnDeg([1, 2, 3, 4].flatMap((seed) => speech(style, seed)));
  const [calm, lively, presenter] = [moved('calm'), moved('lively'), moved('presenter')];
  assert.ok(calm < 0.8 * lively && presenter > 1.15 * lively, `${calm}°, ${lively}°, ${presenter}°`);
  assert.throws(() => new HeadMotion(new Random(1), { liveliness: 1, firstPose: NEUTRAL_POSE, style: 'wild' as HeadStyle }), TypeError);
});
