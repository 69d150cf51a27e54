import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { MelWindow } from '../../../src/base/mel-window.ts';
import type { MotionFrame } from '../../../src/base/motion-frame.ts';
import type { FaceState } from '../../../src/motion/face-state.ts';
import { ExpNetModel } from '../../../src/motion/sadtalker/exp-net-model.ts';
import { FULL_LOOK_AHEAD_FRAMES, NeuralFaceMotion, type NeuralFaceMotionOptions } from '../../../src/motion/sadtalker/neural-face-motion.ts';
import { recipeInput } from '../../models/recipe.ts';
import { melWindows, realClip } from '../sound.ts';
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
  const windows = speech(70);
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
