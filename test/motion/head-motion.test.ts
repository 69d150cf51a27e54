import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FACE_COEFFICIENTS, FACE_INDEX, type HeadPose } from '../../src/base/motion-frame.ts';
import { EyeMotion } from '../../src/motion/eye-motion.ts';
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

test('no point of the head, its brows included, moves more than 1.5 px a frame at 512 px, in any style and state', () => {
  const windows = melWindows(joined(silence(2), ...Array.from({ length: 6 }, () => joined(realClip().samples, silence(0.8)))));
  for (const style of ['calm', 'lively', 'presenter'] as const) {
    for (const seed of [1, 2, 3]) {
      const [random, prosody] = [new Random(seed), new Prosody()];
      const [eyes, head] = [new EyeMotion(random), new HeadMotion(random, { liveliness: 1, style })];
      let last: (readonly [number, number])[] = [];
      for (const [frame, window] of windows.entries()) {
        prosody.update(window);
        const state = frame < 50 ? 'idle' : frame < 400 ? 'speaking' : 'listening';
        const pose = head.next(prosody, state);
        const expression = new Float32Array(FACE_COEFFICIENTS.length);
        eyes.next(expression, pose, prosody, state);
        const browMm = 5 * expression[FACE_INDEX.brow]!;
        const points = [...HEAD_POINTS.map((point) => drawn(point, pose)), ...BROW_POINTS.map(([right, down, front]) => drawn([right, down - browMm, front], pose))];
        const movesMm = points.map(([x, y], i) => Math.hypot(x - (last[i] ?? points[i]!)[0], y - (last[i] ?? points[i]!)[1]));
        assert.ok(Math.max(...movesMm) * 1.67 < 1.5, `${style}, seed ${seed}, frame ${frame}: ${movesMm.join(', ')} mm`);
        last = points;
      }
    }
  }
});

test('a head settles in pauses: it comes back toward the portrait\'s pose when a phrase ends', () => {
  const turn = (phraseEnds: boolean): number => {
    let sum = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const [head, prosody] = [new HeadMotion(new Random(seed), { liveliness: 1, style: 'lively' }), new Prosody()];
      prosody.speaking = true;
      for (let frame = 0; frame < 60; frame++) {
        head.next(prosody, 'speaking');
      }
      prosody.speaking = !phraseEnds;
      prosody.phraseEnded = phraseEnds;
      head.next(prosody, 'speaking');
      prosody.phraseEnded = false;
      let yawDeg = 0;
      for (let frame = 0; frame < 75; frame++) {
        ({ yawDeg } = head.next(prosody, 'speaking'));
      }
      sum += yawDeg * yawDeg;
    }
    return Math.sqrt(sum / 100);
  };
  assert.ok(turn(true) < 0.75 * turn(false), `${turn(true)}° after a phrase, ${turn(false)}° within one`);
});

test('a head without liveliness only breathes', () => {
  const head = new HeadMotion(new Random(1), { liveliness: 0, style: 'lively' });
  const poses = Array.from({ length: 500 }, () => head.next(new Prosody(), 'idle'));
  assert.ok(poses.every((pose) => Math.abs(pose.yawDeg) === 0 && Math.abs(pose.rollDeg) === 0 && pose.xMm === 0));
  assert.ok(Math.min(...poses.map((pose) => pose.yMm)) < -0.7);
});

test('a stressed syllable makes the head nod: it moves within 120 ms and is back after a second', () => {
  const prosody = new Prosody();
  const [struck, calm] = [new HeadMotion(new Random(6), { liveliness: 1, style: 'lively' }), new HeadMotion(new Random(6), { liveliness: 1, style: 'lively' })];
  // Both draw the same numbers at first; only the struck one hears an accent.
  prosody.accent = 1;
  const differences = [Math.abs(struck.next(prosody, 'idle').pitchDeg - calm.next(new Prosody(), 'idle').pitchDeg)];
  for (let frame = 1; frame < 26; frame++) {
    differences.push(Math.abs(struck.next(new Prosody(), 'idle').pitchDeg - calm.next(new Prosody(), 'idle').pitchDeg));
  }
  assert.ok(differences[3]! > 0.5, `after 120 ms ${differences[3]}°`);
  assert.ok(Math.max(...differences) > 0.8 && Math.max(...differences) < 3.5);
  assert.ok(differences[25]! < 0.3, `after a second ${differences[25]}°`);
});

test('every pose is an object of its own', () => {
  const head = new HeadMotion(new Random(1), { liveliness: 1, style: 'lively' });
  assert.notEqual(head.next(new Prosody(), 'idle'), head.next(new Prosody(), 'idle'));
});

test('a presenter moves more than a lively head, and that more than a calm one; another style is refused', () => {
  const spread = (style: HeadStyle): number => {
    const head = new HeadMotion(new Random(3), { liveliness: 1, style });
    const prosody = new Prosody();
    prosody.speaking = true;
    const yaws = Array.from({ length: 2500 }, () => head.next(prosody, 'speaking').yawDeg);
    return Math.sqrt(yaws.reduce((sum, yaw) => sum + yaw * yaw, 0) / yaws.length);
  };
  const [calm, lively, presenter] = [spread('calm'), spread('lively'), spread('presenter')];
  assert.ok(calm < 0.85 * lively && presenter > 1.1 * lively, `yaw ${calm}°, ${lively}°, ${presenter}°`);
  assert.throws(() => new HeadMotion(new Random(1), { liveliness: 1, style: 'wild' as HeadStyle }), TypeError);
});
