import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { InvalidStateError } from '../../../src/base/errors.ts';
import type { MelWindow } from '../../../src/base/mel-window.ts';
import type { FaceState } from '../../../src/motion/face-state.ts';
import { BlinkRatios } from '../../../src/motion/sadtalker/blink-ratios.ts';
import { ExpNetModel, type ExpNetStream } from '../../../src/motion/sadtalker/exp-net-model.ts';
import { recipeInput } from '../../models/recipe.ts';
import { joined, melWindows, realClip, silence } from '../sound.ts';
import { fakeExpNet } from './fake-models.ts';
import { openRecipePack } from './recipe-pack.ts';

const pack = await openRecipePack();
after(() => pack[Symbol.asyncDispose]());

const expression = recipeInput('public', 'portrait', { shape: [73], lowest: -0.3, highest: 0.3 });
const speech = (value: number): MelWindow => ({ values: new Float32Array(1280).fill(value), mediaUs: 0 });

async function all(stream: ExpNetStream, windows: readonly MelWindow[], state: (frame: number) => FaceState): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (const [frame, window] of windows.entries()) {
    rows.push((await stream.next(window, state(frame))).slice());
  }
  return rows;
}

function distance(one: Float32Array, other: Float32Array): number {
  return Math.hypot(...one.map((value, i) => value - other[i]!));
}

it('gives the network\'s own expression while it speaks, blinks included', async () => {
  const windows = melWindows(realClip().samples).slice(0, 75);
  const rows = await all(new ExpNetModel(pack.expnet).open({ expression }, { blinkSeed: 4 }), windows, () => 'speaking');
  const blinks = new BlinkRatios(4);
  let blinked = 0;
  for (const [frame, row] of rows.entries()) {
    const ratio = blinks.next();
    blinked += ratio;
    const { expression: expected } = await pack.expnet.run({
      mel: { dims: [1, 1, 80, 16], data: windows[frame]!.values },
      reference: { dims: [1, 64], data: expression.slice(0, 64) },
      ratio: { dims: [1, 1], data: Float32Array.of(ratio) },
    });
    assert.deepEqual(row, expected?.data, `frame ${frame}`);
  }
  assert.ok(blinked > 2);
});

it('makes the idle face from one run, which is what the network says of windows of zeros at every blink ratio', async () => {
  const stream = new ExpNetModel(pack.expnet).open({ expression }, { blinkSeed: 4 });
  const rows = await all(stream, Array.from({ length: 100 }, () => speech(-4)), () => 'idle');
  const blinks = new BlinkRatios(4);
  for (const [frame, row] of rows.entries()) {
    const { expression: expected } = await pack.expnet.run({
      mel: { dims: [1, 1, 80, 16], data: new Float32Array(1280) },
      reference: { dims: [1, 64], data: expression.slice(0, 64) },
      ratio: { dims: [1, 1], data: Float32Array.of(blinks.next()) },
    });
    assert.ok(distance(row, expected?.data as Float32Array) < 1e-5, `frame ${frame}`);
  }
  const counted = fakeExpNet();
  await all(new ExpNetModel(counted).open({ expression }), Array.from({ length: 100 }, () => speech(-4)), (frame) => (frame % 2 === 0 ? 'idle' : 'listening'));
  assert.equal(counted.runs, 1);
});

it('goes from idle to speech and back no faster than speech itself moves', async () => {
  const frames = realClip().samples.length / 640;
  const windows = melWindows(joined(silence(1), realClip().samples, silence(2)));
  const rows = await all(new ExpNetModel(pack.expnet).open({ expression }), windows, (frame) => (frame >= 22 && frame < 22 + frames ? 'speaking' : 'idle'));
  const steps = rows.slice(1).map((row, i) => distance(row, rows[i]!));
  const within = Math.max(...steps.slice(30, 100));
  assert.ok(Math.max(...steps.slice(20, 30), ...steps.slice(100, 130)) < within);
  assert.equal(Math.max(...steps.slice(0, 20), ...steps.slice(130)), 0);
});

it('is all speech four frames after it began, and all idle twelve after it ended', async () => {
  const stream = new ExpNetModel(fakeExpNet()).open({ expression: new Float32Array(73) });
  const rows = await all(stream, Array.from({ length: 40 }, () => speech(8)), (frame) => (frame >= 10 && frame < 20 ? 'speaking' : 'idle'));
  const values = rows.map((row) => Math.round(row[0]! * 100) / 100);
  assert.deepEqual(values.slice(9, 15), [0, 1.25, 4, 6.75, 8, 8]);
  assert.deepEqual(values.slice(19, 25), [8, 8, 8, 8, 8, 7.66]);
  assert.deepEqual(values.slice(30, 33), [0.34, 0, 0]);
  const atOnce = new ExpNetModel(fakeExpNet()).open({ expression: new Float32Array(73) });
  assert.equal((await atOnce.next(speech(8), 'speaking'))[0], 8);
});

it('is idle from the frame after a reset on, and lets new speech come in gently', async () => {
  const stream = new ExpNetModel(fakeExpNet()).open({ expression: new Float32Array(73) });
  await stream.next(speech(8));
  stream.reset();
  assert.equal((await stream.next(speech(8), 'listening'))[0], 0);
  assert.equal((await stream.next(speech(8), 'speaking'))[0], 1.25);
});

it('refuses a reference that is too short and windows after it was closed', async () => {
  const model = new ExpNetModel(pack.expnet);
  assert.equal(model.name, 'expnet');
  assert.throws(() => model.open({ expression: new Float32Array(63) }), TypeError);
  const stream = model.open({ expression });
  await stream.close();
  await stream.close();
  await assert.rejects(stream.next(speech(0)), InvalidStateError);
});
