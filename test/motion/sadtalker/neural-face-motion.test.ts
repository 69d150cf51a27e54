import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { InvalidStateError } from '../../../src/base/errors.ts';
import type { MelWindow } from '../../../src/base/mel-window.ts';
import type { MotionFrame } from '../../../src/base/motion-frame.ts';
import type { FaceState } from '../../../src/motion/face-state.ts';
import { ExpNetModel } from '../../../src/motion/sadtalker/exp-net-model.ts';
import { FULL_LOOK_AHEAD_FRAMES, NeuralFaceMotion, type NeuralFaceMotionOptions } from '../../../src/motion/sadtalker/neural-face-motion.ts';
import { recipeInput } from '../../models/recipe.ts';
import { melWindows, realClip } from '../sound.ts';
import { FakeModel, fakeExpNet, fakePoseVae } from './fake-models.ts';
import { openRecipePack } from './recipe-pack.ts';
import { type WholeClip, wholeClipWindows } from './whole-clip.ts';

const pack = await openRecipePack();
after(() => pack[Symbol.asyncDispose]());

const expression = new ExpNetModel(pack.expnet);
const portrait = recipeInput('public', 'portrait', { shape: [73], lowest: -0.3, highest: 0.3 });
const clip = melWindows(realClip().samples);

function open(options: Partial<NeuralFaceMotionOptions> = {}): NeuralFaceMotion {
  return new NeuralFaceMotion({ expression, pose: pack.posevae, portrait, seed: 7, ...options });
}

/** Speech of any length: the clip, over and over. */
function speech(frames: number): MelWindow[] {
  return Array.from({ length: frames }, (_, i) => ({ values: clip[i % clip.length]!.values, mediaUs: i * 40_000 }));
}

async function streamed(windows: readonly MelWindow[], options: Partial<NeuralFaceMotionOptions>, state: (frame: number) => FaceState = () => 'speaking'): Promise<MotionFrame[]> {
  await using face = open(options);
  const frames: MotionFrame[] = [];
  for (const [index, window] of windows.entries()) {
    const frame = await face.next(window, state(index));
    frames.push(...(frame === undefined ? [] : [frame]));
  }
  return [...frames, ...await face.finish()];
}

function assertEqualWindows(frames: readonly MotionFrame[], expected: readonly Float32Array[], note: string): void {
  assert.equal(frames.length, expected.length, note);
  for (const [index, frame] of frames.entries()) {
    assert.equal(frame.mediaUs, index * 40_000);
    const different = expected[index]!.findIndex((value, i) => !(Math.abs(value - frame.expression[i]!) <= 1e-6));
    assert.equal(different, -1, `${note}: frame ${index}, value ${different} is ${frame.expression[different]}, not ${expected[index]![different]}`);
  }
}

test('with full look-ahead the streamed windows are those of the whole clip, whatever its length', async () => {
  for (const frames of [1, 2, 9, 21, 33, 76, 140]) {
    const windows = speech(frames);
    const expected = await wholeClipWindows({ pack, windows, portrait, seed: 7, style: 7 });
    assertEqualWindows(await streamed(windows, { lookAheadFrames: FULL_LOOK_AHEAD_FRAMES, poseStyle: 7 }), expected, `${frames} frames`);
  }
});

test('with full look-ahead the reference\'s options give what they give offline', async () => {
  const windows = speech(40);
  const referencePoses = recipeInput('public', 'poses', { shape: [50, 6], lowest: -0.2, highest: 0.2 });
  const referenceExpressions = recipeInput('public', 'expressions', { shape: [30, 64], lowest: -1, highest: 1 });
  const cases: [string, Partial<NeuralFaceMotionOptions>, Partial<WholeClip>][] = [
    ['full', { full: true }, { full: true }],
    ['still', { still: true, full: true, referencePoses }, { still: true, full: true }],
    ['scaled', { expressionScale: 1.4 }, { scale: 1.4 }],
    ['reference poses', { referencePoses }, { referencePoses }],
    ['reference expressions', { referenceExpressions }, { referenceExpressions }],
  ];
  for (const [name, options, whole] of cases) {
    const expected = await wholeClipWindows({ pack, windows, portrait, seed: 7, ...whole });
    assertEqualWindows(await streamed(windows, { lookAheadFrames: FULL_LOOK_AHEAD_FRAMES, ...options }), expected, name);
  }
});

test('a still face needs 13 frames of look-ahead to be that of the whole clip, and less is still equal where nothing is missing', async () => {
  const windows = speech(60);
  const expected = await wholeClipWindows({ pack, windows, portrait, seed: 7, still: true });
  assertEqualWindows(await streamed(windows, { still: true, lookAheadFrames: 13 }), expected, '13 frames');
  for (const [index, { expression: window }] of (await streamed(windows, { still: true, lookAheadFrames: 4 })).entries()) {
    for (let step = 0; step < 18; step++) {
      assert.ok(Math.abs(window[step]! - expected[index]![step]!) <= 1e-6, `frame ${index}, step ${step}`);
    }
    // Beyond the newest row known when the frame left, that row is repeated; at the end it is the clip's last.
    assert.equal(window[18], window[17]);
    assert.equal(window[26], window[17]);
  }
});

const fakes = (): Partial<NeuralFaceMotionOptions> => ({
  expression: new ExpNetModel(fakeExpNet()), pose: fakePoseVae((run) => new Float32Array(32).fill(run)), portrait: new Float32Array(73), blinks: false,
});
const loud = (frame: number, value = 9): MelWindow => ({ values: new Float32Array(1280).fill(value), mediaUs: frame * 40_000 });
/** The windows' values of one coefficient, rounded; nothing where no frame came. */
const mouth = (frame: MotionFrame | undefined): number[] => [...frame?.expression.subarray(0, 27) ?? []].map((value) => Math.round(value * 1000) / 1000);
const middle = (frame: MotionFrame | undefined): number | undefined => mouth(frame)[13];

test('each frame leaves as many windows later as it looks ahead, and finish gives the rest', async () => {
  for (const lookAheadFrames of [0, 4, 13, FULL_LOOK_AHEAD_FRAMES]) {
    await using face = open({ ...fakes(), lookAheadFrames });
    assert.equal(face.delayFrames, lookAheadFrames);
    for (let frame = 0; frame < 60; frame++) {
      const made = await face.next(loud(frame, frame), 'speaking');
      assert.equal(made?.mediaUs, frame < lookAheadFrames ? undefined : (frame - lookAheadFrames) * 40_000);
      assert.equal(middle(made), frame < lookAheadFrames ? undefined : frame - lookAheadFrames);
    }
    const rest = await face.finish();
    assert.deepEqual(rest.map(middle), Array.from({ length: lookAheadFrames }, (_, i) => 60 - lookAheadFrames + i));
    await assert.rejects(face.next(loud(60), 'speaking'), InvalidStateError);
  }
});

test('of a reference\'s expressions each frame sends its own row to the model, and no more bytes than that', async () => {
  const expNet = fakeExpNet();
  const references: Float32Array[] = [];
  const followed = new FakeModel(expNet.inputs, (feeds) => {
    references.push(feeds['reference']?.data as Float32Array);
    return expNet.run(feeds);
  });
  const referenceExpressions = Float32Array.from({ length: 3 * 64 }, (_, index) => Math.floor(index / 64));
  await using face = open({ ...fakes(), expression: new ExpNetModel(followed), referenceExpressions });
  for (let frame = 0; frame < 4; frame++) {
    await face.next(loud(frame), 'idle');
  }
  assert.deepEqual(references.map((row) => [row[0], row.length, row.buffer.byteLength]), [0, 1, 2, 0].map((row) => [row, 64, 256]));
});

test('a face that has run for long still gives the right rows', async () => {
  await using face = open({ ...fakes(), lookAheadFrames: 13, seed: 3 });
  for (let frame = 0; frame < 2000; frame++) {
    const made = await face.next(loud(frame, frame % 8), 'speaking');
    if (frame > 1900) {
      assert.deepEqual(mouth(made), Array.from({ length: 27 }, (_, step) => (frame - 26 + step) % 8));
      assert.ok(made?.expression.every(Number.isFinite));
    }
  }
});

test('after an interrupt the mouth closes within three frames, also in frames that wait, and nothing of the old speech follows', async () => {
  for (const lookAheadFrames of [0, 1, 4, 13, FULL_LOOK_AHEAD_FRAMES]) {
    await using face = open({ ...fakes(), lookAheadFrames });
    for (let frame = 0; frame < 70; frame++) {
      await face.next(loud(frame), 'speaking');
    }
    face.reset();
    for (let after = 1; after < 80; after++) {
      const made = await face.next(loud(69 + after, -4), 'listening');
      assert.equal(middle(made), after === 1 ? 6 : after === 2 ? 3 : 0, `look-ahead ${lookAheadFrames}, frame ${after} after`);
      const last = Math.min(26, 13 + lookAheadFrames);
      const newer = mouth(made).slice(13, last + 1);
      const expected = Array.from({ length: last - 12 }, (_, i) => [6, 3][after + i - 1] ?? 0);
      assert.deepEqual(newer, expected, `look-ahead ${lookAheadFrames}, frame ${after} after`);
    }
  }
});

test('an interrupt while a window is worked on counts for that window too', async () => {
  let answer: (() => void) | undefined;
  const expnet = fakeExpNet();
  const slow = new FakeModel(expnet.inputs, async (feeds, run) => {
    if (run === 6) {
      await new Promise<void>((resolve) => { answer = resolve; });
    }
    return expnet.run(feeds);
  });
  await using face = open({ ...fakes(), expression: new ExpNetModel(slow) });
  for (let frame = 0; frame < 5; frame++) {
    await face.next(loud(frame), 'speaking');
  }
  const made = face.next(loud(5), 'speaking');
  await nextTurn();
  face.reset();
  answer?.();
  assert.deepEqual([middle(await made), middle(await face.next(loud(6), 'idle')), middle(await face.next(loud(7), 'idle'))], [6, 3, 0]);
});

test('a face interrupted again, or before its first frame, closes once more', async () => {
  await using face = open(fakes());
  face.reset();
  assert.equal(middle(await face.next(loud(0), 'idle')), 0);
  const speaks = async (frame: number): Promise<number | undefined> => middle(await face.next(loud(frame), 'speaking'));
  for (let frame = 1; frame < 8; frame++) {
    await speaks(frame);
  }
  face.reset();
  assert.equal(middle(await face.next(loud(8), 'idle')), 6);
  face.reset();
  assert.equal(middle(await face.next(loud(9), 'idle')), 4);
  face.reset();
  // Speech that follows at once comes in while the mouth still closes.
  const values = [await speaks(10), await speaks(11), await speaks(12), await speaks(13)];
  assert.deepEqual(values, [...values].sort((one, other) => Number(one) - Number(other)));
  assert.ok(Number(values[0]) > 2 && Number(values[0]) < 4 && values[3] === 9, values.join(', '));
});

test('live, the head is seeded, moves while idle, and reaches past the newest expression in each window', async () => {
  const made = await Promise.all([7, 7, 8].map((seed) => streamed(speech(40), { seed }, (frame) => (frame < 20 ? 'idle' : 'speaking'))));
  assert.deepEqual(made[0], made[1]);
  assert.notDeepEqual(made[0], made[2]);
  for (const { expression: window } of made[0]!) {
    assert.equal(new Set(window.subarray(13, 27)).size, 1);
    assert.ok(new Set(window.subarray(64 * 27 + 13, 65 * 27)).size > 10);
  }
});

test('the view goes along its path and holds its end', async () => {
  await using face = open({ ...fakes(), still: true, view: { yawDeg: Float64Array.of(1, 2), rollDeg: Float64Array.of(5) } });
  const views = [];
  for (let frame = 0; frame < 3; frame++) {
    views.push((await face.next(loud(frame), 'speaking'))?.view);
  }
  assert.deepEqual(views, [{ yawDeg: 1, rollDeg: 5 }, { yawDeg: 2, rollDeg: 5 }, { yawDeg: 2, rollDeg: 5 }]);
});

test('a network that fails ends the face at the next window, whichever it is', async () => {
  const broken = (inputs: readonly string[]): FakeModel => new FakeModel(inputs, () => Promise.reject(new Error('The thread is gone.')));
  for (const options of [{ expression: new ExpNetModel(broken(pack.expnet.inputs)) }, { pose: broken(pack.posevae.inputs) }]) {
    await using face = open({ ...fakes(), ...options });
    await assert.rejects(face.next(loud(0), 'speaking'), /The thread is gone/);
  }
});

test('closing while a window is worked on ends that window, and closing twice is the same as once', async () => {
  const answers: (() => void)[] = [];
  const expnet = fakeExpNet();
  const slow = new FakeModel(expnet.inputs, async (feeds) => {
    await new Promise<void>((resolve) => { answers.push(resolve); });
    return expnet.run(feeds);
  });
  const face = open({ ...fakes(), expression: new ExpNetModel(slow) });
  const made = face.next(loud(0), 'speaking');
  await nextTurn();
  assert.equal(answers.length, 1);
  assert.equal(face.close(), face.close());
  await face.close();
  answers[0]?.();
  await assert.rejects(made, InvalidStateError);
  await assert.rejects(face.next(loud(1), 'speaking'), InvalidStateError);
  await assert.rejects(face.finish(), InvalidStateError);
});

test('wrong options are refused', () => {
  const wrong: Partial<NeuralFaceMotionOptions>[] = [
    { seed: 0.5 }, { portrait: new Float32Array(70) }, { expressionScale: -1 }, { expressionScale: NaN }, { poseStyle: 46 },
    { lookAheadFrames: 14 }, { lookAheadFrames: -1 }, { lookAheadFrames: 2.5 },
    { referencePoses: new Float32Array(7) }, { referencePoses: new Float32Array() }, { referenceExpressions: new Float32Array(65) },
  ];
  for (const options of wrong) {
    assert.throws(() => open({ ...fakes(), ...options }), TypeError, JSON.stringify(options));
  }
});
