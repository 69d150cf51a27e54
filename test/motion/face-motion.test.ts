import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { InvalidStateError } from '../../src/base/errors.ts';
import type { MelWindow } from '../../src/base/mel-window.ts';
import { FACE_COEFFICIENTS, FACE_INDEX, type HeadPose, type MotionFrame } from '../../src/base/motion-frame.ts';
import type { ExpressionModel } from '../../src/motion/expression-model.ts';
import { FaceMotion } from '../../src/motion/face-motion.ts';
import type { FaceState } from '../../src/motion/face-state.ts';
import { LipExpressionModel } from '../../src/motion/lip-expression-model.ts';
import { MODELS_FOLDER } from './models-folder.ts';
import { joined, melWindows, realClip, silence } from './sound.ts';

const lips = await LipExpressionModel.open(MODELS_FOLDER);
after(() => lips.close());

const FRAMES_PER_MINUTE = 1500;

/** Frames of a minute and more: silence, speech again and again with pauses, silence. */
const SPEECH = melWindows(joined(silence(2), ...Array.from({ length: 14 }, () => joined(realClip().samples, silence(0.8))), silence(4)));

function quiet(frames: number): MelWindow[] {
  return Array.from({ length: frames }, (_, i) => ({ values: new Float32Array(80 * 16).fill(-4), mediaUs: i * 40_000 }));
}

async function motion(seed: number, windows: readonly MelWindow[], state: (frame: number) => FaceState): Promise<MotionFrame[]> {
  await using face = new FaceMotion({ model: lips, seed });
  const frames: MotionFrame[] = [];
  for (const [index, window] of windows.entries()) {
    frames.push(await face.next(window, state(index)));
  }
  return frames;
}

/** Most that a point of the face can have moved, in mm (nose 115, crown 150, cheek 85 mm from the pivot). */
function moveMm(a: HeadPose, b: HeadPose): number {
  const radians = (key: 'yawDeg' | 'pitchDeg' | 'rollDeg'): number => (Math.abs(a[key] - b[key]) * Math.PI) / 180;
  return Math.hypot(
    115 * radians('yawDeg') + 150 * radians('rollDeg') + Math.abs(a.xMm - b.xMm),
    115 * radians('pitchDeg') + 85 * radians('rollDeg') + Math.abs(a.yMm - b.yMm),
  );
}

function range(frames: readonly MotionFrame[], key: keyof HeadPose): number {
  const values = frames.map((frame) => frame.pose[key]);
  return Math.max(...values) - Math.min(...values);
}

function blinkStarts(frames: readonly MotionFrame[]): number[] {
  const lids = frames.map((frame) => frame.expression[FACE_INDEX.blinkLeft]!);
  return lids.flatMap((lid, i) => (lid === 1 && lids[i - 1] !== 1 ? [i] : []));
}

test('the same seed and sound give the same motion, another seed another', async () => {
  const [first, again, other] = await Promise.all([motion(5, SPEECH, () => 'speaking'), motion(5, SPEECH, () => 'speaking'), motion(6, SPEECH, () => 'speaking')]);
  assert.deepEqual(first, again);
  assert.notDeepEqual(first.map((frame) => frame.pose), other.map((frame) => frame.pose));
});

test('each frame carries its window\'s time and a fresh expression', async () => {
  const frames = await motion(1, quiet(3), () => 'idle');
  assert.deepEqual(frames.map((frame) => frame.mediaUs), [0, 40_000, 80_000]);
  assert.notEqual(frames[0]!.expression, frames[1]!.expression);
  assert.equal(frames[0]!.expression.length, FACE_COEFFICIENTS.length);
});

test('the head stays within its bounds and never jumps, from idle through speech and listening and back', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const frames = await motion(seed, SPEECH, (frame) => (frame < 50 ? 'idle' : frame < 1300 ? 'speaking' : 'listening'));
    for (const [index, { pose }] of frames.entries()) {
      assert.ok(Math.abs(pose.yawDeg) <= 6 && Math.abs(pose.pitchDeg) <= 5 && Math.abs(pose.rollDeg) <= 4, `frame ${index}: ${JSON.stringify(pose)}`);
      assert.ok(Math.abs(pose.xMm) <= 4 && Math.abs(pose.yMm) <= 4, `frame ${index}: ${JSON.stringify(pose)}`);
      const moved = index === 0 ? 0 : moveMm(pose, frames[index - 1]!.pose);
      assert.ok(moved < 0.9, `frame ${index} moved ${moved} mm`);
    }
  }
});

test('every coefficient stays within its range and the mouth never jumps', async () => {
  const frames = await motion(3, SPEECH, () => 'speaking');
  for (const [index, { expression }] of frames.entries()) {
    for (const [i, name] of FACE_COEFFICIENTS.entries()) {
      const low = ['brow', 'gazeX', 'gazeY'].includes(name) ? -1 : 0;
      const high = name === 'jaw' ? 14.5 : 1;
      assert.ok(expression[i]! >= low && expression[i]! <= high, `frame ${index}: ${name} ${expression[i]}`);
    }
    const before = frames[index - 1]?.expression[FACE_INDEX.jaw] ?? 0;
    assert.ok(Math.abs(expression[FACE_INDEX.jaw]! - before) <= 6.001, `frame ${index}: the jaw jumped`);
  }
});

test('a face that speaks moves its head more than an idle one, which still moves', async () => {
  const speaking = await motion(9, SPEECH, () => 'speaking');
  const idle = await motion(9, quiet(SPEECH.length), () => 'idle');
  assert.ok(range(speaking, 'pitchDeg') > 1.5 * range(idle, 'pitchDeg'));
  assert.ok(range(idle, 'yawDeg') > 0.5 && range(idle, 'yawDeg') < 4);
});

test('an idle face breathes about 15 times a minute', async () => {
  const frames = await motion(4, quiet(2 * FRAMES_PER_MINUTE), () => 'idle');
  const y = frames.map((frame) => frame.pose.yMm - 0.3 * frame.pose.pitchDeg);
  const middle = (Math.max(...y) + Math.min(...y)) / 2;
  const breaths = y.filter((value, i) => i > 0 && value < middle && y[i - 1]! >= middle).length;
  assert.ok(breaths >= 24 && breaths <= 36, `${breaths} breaths in two minutes`);
});

test('a listener nods now and then', async () => {
  const frames = await motion(2, quiet(FRAMES_PER_MINUTE), () => 'listening');
  const pitch = frames.map((frame) => frame.pose.pitchDeg);
  let nods = 0;
  for (let i = 8; i + 12 < pitch.length; i++) {
    const deepest = Math.max(...pitch.slice(i - 8, i + 13));
    nods += pitch[i] === deepest && pitch[i]! - pitch[i - 8]! > 0.8 ? 1 : 0;
  }
  assert.ok(nods >= 6 && nods <= 30, `${nods} nods in a minute`);
});

test('eyes blink 10 to 30 times a minute, at uneven intervals, shut for a moment and open again', async () => {
  for (const seed of [1, 2, 3]) {
    const frames = await motion(seed, quiet(3 * FRAMES_PER_MINUTE), () => 'idle');
    const starts = blinkStarts(frames);
    assert.ok(starts.length >= 30 && starts.length <= 90, `${starts.length} blinks in three minutes`);
    const waits = starts.slice(1).map((start, i) => start - starts[i]!);
    assert.ok(Math.max(...waits) <= 160 && Math.max(...waits) > Math.min(...waits) + 40);
    for (const start of starts.slice(0, -1)) {
      const lids = frames.slice(start - 1, start + 5).map((frame) => frame.expression[FACE_INDEX.blinkLeft]!.toFixed(2));
      assert.deepEqual(lids, ['0.50', '1.00', '0.90', '0.60', '0.25', '0.00']);
    }
  }
});

test('the brows and the head follow the stress of the voice', async () => {
  const speaking = await motion(8, SPEECH, () => 'speaking');
  const brows = speaking.map((frame) => frame.expression[FACE_INDEX.brow]!);
  assert.ok(Math.max(...brows) > 0.15, `highest brow ${Math.max(...brows)}`);
});

test('the eyes stay near the camera, turning against the head, and glance aside at times', async () => {
  const frames = await motion(8, SPEECH, () => 'speaking');
  const aim = frames.map((frame) => frame.expression[FACE_INDEX.gazeX]! + frame.pose.yawDeg / 12);
  const onCamera = aim.filter((value) => Math.abs(value) < 0.08).length / aim.length;
  assert.ok(onCamera > 0.55 && onCamera < 0.99, `on the camera ${onCamera} of the time`);
  assert.ok(Math.max(...aim.map(Math.abs)) < 0.9);
});

test('after reset the mouth is shut within 120 ms and the head goes on without a jump', async () => {
  await using face = new FaceMotion({ model: lips, seed: 1 });
  const windows = melWindows(realClip().samples);
  const untilOpen = windows.findIndex((window) => window.mediaUs > 2_900_000);
  let last = await face.next(windows[0]!, 'speaking');
  for (const window of windows.slice(1, untilOpen)) {
    last = await face.next(window, 'speaking');
  }
  assert.ok(last.expression[FACE_INDEX.jaw]! > 3);
  face.reset();
  for (const window of quiet(3)) {
    const next = await face.next(window, 'listening');
    assert.ok(next.expression[FACE_INDEX.jaw]! < last.expression[FACE_INDEX.jaw]!);
    assert.ok(moveMm(next.pose, last.pose) < 0.9);
    last = next;
  }
  assert.equal(last.expression[FACE_INDEX.jaw], 0);
});

test('the expression of another pack is handed on as its model gives it', async () => {
  const given = Float32Array.from({ length: 64 }, (_, i) => i / 64);
  const model: ExpressionModel = {
    name: 'given',
    open: () => ({ next: () => Promise.resolve(given), reset: () => undefined, close: () => Promise.resolve() }),
    close: () => Promise.resolve(),
  };
  await using face = new FaceMotion({ model, seed: 1, reference: { expression: given } });
  assert.deepEqual((await face.next(quiet(1)[0]!, 'idle')).expression, given);
});

test('wrong options are refused, and closing twice is the same as once', async () => {
  const model = lips;
  assert.throws(() => new FaceMotion({ model, seed: 0.5 }), TypeError);
  assert.throws(() => new FaceMotion({ model, seed: 1, liveliness: 2 }), TypeError);
  const face = new FaceMotion({ model, seed: 1 });
  assert.equal(face.close(), face.close());
  await face.close();
  await assert.rejects(face.next(quiet(1)[0]!, 'idle'), InvalidStateError);
});
