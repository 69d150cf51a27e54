import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { after, it } from 'node:test';
import type { OnnxModel } from '../../../src/inference/onnx-model.ts';
import { Random } from '../../../src/motion/random.ts';
import { LivePoseStream } from '../../../src/motion/sadtalker/live-pose-stream.ts';
import { PoseVae, normalLatents } from '../../../src/motion/sadtalker/pose-vae.ts';
import { melWindows, realClip } from '../sound.ts';
import { FakeModel, fakePoseVae } from './fake-models.ts';
import { openRecipePack } from './recipe-pack.ts';

const pack = await openRecipePack();
after(() => pack[Symbol.asyncDispose]());

const reference = Float32Array.of(0.1, -0.05, 0.02, 0.1, 0.2, -0.1);
const clip = melWindows(realClip().samples);

function open(model: OnnxModel, { seed = 1, style = 0 }: { seed?: number; style?: number } = {}): LivePoseStream {
  return new LivePoseStream(new PoseVae({ model, reference, style, drawLatent: normalLatents(new Random(seed)) }), { reference });
}

/** Speech with pauses. */
function sound(frame: number): Float32Array | undefined {
  return frame % 100 < 40 ? undefined : clip[frame % clip.length]!.values;
}

function pose({ track }: LivePoseStream, row: number): number[] {
  return [...track.poses.subarray(track.offset(row), track.offset(row) + 6)];
}

/** Runs a stream as frames without look-ahead do, and returns its poses. */
async function poses(stream: LivePoseStream, frames: number): Promise<number[][]> {
  const rows: number[][] = [];
  for (let frame = 0; frame < frames; frame++) {
    await stream.next(sound(frame), frame + 13);
    rows.push(pose(stream, frame));
  }
  return rows;
}

/** Most that a value changes from each row to the next. */
function steps(rows: readonly (readonly number[])[]): number[] {
  return rows.slice(1).map((row, i) => Math.max(...row.map((value, column) => Math.abs(value - rows[i]![column]!))));
}

it('begins at the portrait\'s pose and moves no faster between chunks than within them', async () => {
  let within = 0;
  const watched = new FakeModel(pack.posevae.inputs, async (feeds) => {
    const made = await pack.posevae.run(feeds);
    const motion = made['motion']?.data as Float32Array;
    within = Math.max(within, ...steps(Array.from({ length: 32 }, (_, row) => [...motion.subarray(row * 6, row * 6 + 6)])));
    return made;
  });
  for (const seed of [1, 2]) {
    const rows = await poses(open(watched, { seed, style: 15 * seed }), 160);
    assert.ok(rows[0]!.every((value, column) => Math.abs(value - reference[column]!) < 0.05), `begins at ${rows[0]!.join(', ')}`);
    assert.ok(Math.max(...steps(rows)) <= within, `${Math.max(...steps(rows))} over ${within}`);
    const spread = Math.max(...rows.map((row) => row[0]!)) - Math.min(...rows.map((row) => row[0]!));
    assert.ok(spread > 0.05, `the head moves by ${spread}`);
  }
  assert.ok(watched.runs >= 16, `${watched.runs} chunks`);
});

it('spreads the step between chunks that are far apart over their overlap', async () => {
  const rows = await poses(open(fakePoseVae((run) => new Float32Array(32).fill(run % 2 === 0 ? 1 : -1))), 200);
  const largest = Math.max(...steps(rows));
  // A smoothstep over 13 frames is steepest at 1.5 / 13 of its height, which is 2 here; the filter alone would make it 0.35.
  assert.ok(largest > 0.15 && largest < 1.01 * (1.5 / 13) * 2, `largest step ${largest}`);
});

it('moves the same for the same seed and sound, otherwise for another seed or style', async () => {
  const made = await Promise.all([{}, {}, { seed: 2 }, { style: 9 }].map((options) => poses(open(pack.posevae, options), 30)));
  assert.deepEqual(made[0], made[1]);
  assert.notDeepEqual(made[0], made[2]);
  assert.notDeepEqual(made[0], made[3]);
});

it('asks for each chunk early enough for a run of eleven frames, and waits for none after the first two, asked before the first frame', async () => {
  let frame = 0;
  const asked: { readonly frame: number; readonly answer: () => void }[] = [];
  const stream = open(fakePoseVae((run) => new Promise((resolve) => {
    asked.push({ frame, answer: () => { resolve(new Float32Array(32).fill(run)); } });
  })));
  let chunks = 0;
  for (; frame < 300; frame++) {
    for (; chunks < asked.length && asked[chunks]!.frame <= Math.max(0, frame - 11); chunks++) {
      asked[chunks]!.answer();
    }
    let done = false;
    void stream.next(undefined, frame + 13).then(() => { done = true; });
    await nextTurn();
    assert.ok(done, `frame ${frame} waits`);
  }
  assert.ok(chunks >= 14, `${chunks} chunks`);
});

it('feeds the chunk with what was heard, and with zeros where the face was idle', async () => {
  const heard: Float32Array[] = [];
  const stream = open(fakePoseVae((_, mel) => {
    heard.push(mel.slice());
    return new Float32Array(32);
  }));
  for (let frame = 0; frame < 120; frame++) {
    await stream.next(frame < 60 ? undefined : new Float32Array(1280).fill(frame), frame + 13);
  }
  assert.deepEqual(heard[0], new Float32Array(32 * 1280));
  const last = (heard.at(-1) ?? new Float32Array()).filter((_, i) => i % 1280 === 0);
  assert.ok(last[0]! >= 60, `the last chunk hears window ${last[0]} first`);
  assert.deepEqual(last, Float32Array.from({ length: 32 }, (_, i) => last[0]! + i));
});

it('hands a failure on at the next call, and none is left unhandled', async () => {
  const stream = open(fakePoseVae((run) => (run === 2 ? Promise.reject(new Error('The thread is gone.')) : new Float32Array(32))));
  const failures: unknown[] = [];
  for (let frame = 0; frame < 40 && failures.length === 0; frame++) {
    await stream.next(undefined, frame + 13).catch((error: unknown) => { failures.push(error); });
    await nextTurn();
  }
  assert.match(String(failures[0]), /The thread is gone/);
  await assert.rejects(stream.next(undefined, 13), /The thread is gone/);
});

it('refuses a style that is none', () => {
  for (const style of [-1, 46, 1.5, NaN]) {
    assert.throws(() => open(pack.posevae, { style }), TypeError);
  }
});
