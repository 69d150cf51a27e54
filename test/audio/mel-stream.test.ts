import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MelStream, melWindowStart, type MelStreamOptions } from '../../src/audio/mel-stream.ts';
import type { MelWindow } from '../../src/base/mel-window.ts';
import { assertCloseTo } from './close-to.ts';
import { readTensors } from './safetensors-file.ts';
import { readWav } from './wav-file.ts';

function windowsOf(clip: Float32Array, piece: (index: number) => number, options: MelStreamOptions = {}): MelWindow[] {
  const stream = new MelStream(options);
  const windows: MelWindow[] = [];
  const takeAll = (): void => {
    for (let window = stream.take(); window !== undefined; window = stream.take()) {
      windows.push(window);
    }
  };
  for (let at = 0, index = 0; at < clip.length; index++) {
    stream.push(clip.subarray(at, at + piece(index)));
    at += piece(index);
    takeAll();
  }
  stream.flush();
  takeAll();
  return windows;
}

const flat = (windows: readonly MelWindow[]): number[] => windows.flatMap(({ values }) => [...values]);

test('windows start where the reference starts them', () => {
  assert.deepEqual(Array.from({ length: 8 }, (_, frame) => melWindowStart(frame)), [-6, -3, 0, 3, 6, 9, 12, 16]);
});

for (const [name, piece] of [
  ['one push', () => 40_000], ['20 ms pieces', () => 320], ['odd pieces', (index: number) => 1 + ((index * 37) % 411)],
] as const) {
  test(`windows of a clip in ${name} equal the reference`, () => {
    const golden = readTensors('mel-goldens.safetensors.gz').get('mel.windows');
    const windows = windowsOf(readWav('tone.wav'), piece, { holdPartialFrames: true });
    assert.equal(windows.length, 50);
    assertCloseTo(flat(windows), golden?.data ?? [], 1e-6);
  });
}

test('a clip cut anywhere gives the whole-clip windows when partial frames are held', () => {
  const tone = readWav('tone.wav');
  for (const length of [0, 1, 639, 640, 641, 1300, 3900, 9000, 9130, 9599, 9601]) {
    const cut = tone.subarray(0, length);
    const whole = windowsOf(cut.subarray(0, length - (length % 640)), () => 40_000);
    const pieces = windowsOf(cut, () => 320, { holdPartialFrames: true });
    assert.equal(pieces.length, Math.floor(length / 640));
    assert.deepEqual(flat(pieces), flat(whole), `at length ${length}`);
  }
});

test('each window comes within 132.5 ms of its frame (the first two within 137.5), in 40 ms steps of media time', () => {
  const stream = new MelStream();
  const one = new Float32Array(1);
  let frame = 0;
  for (let received = 1; received <= 50_000; received++) {
    stream.push(one);
    for (let window = stream.take(); window !== undefined; window = stream.take()) {
      assert.equal(window.mediaUs, frame * 40_000);
      const lookAheadUs = (received * 1_000_000) / 16_000 - frame * 40_000;
      const roundedUs = [5000, 2500][frame] ?? 0;
      assert.ok(lookAheadUs <= MelStream.lookAheadUs + roundedUs, `frame ${frame} needed ${lookAheadUs} µs`);
      frame += 1;
    }
  }
  assert.equal(frame, 76);
});

test('an hour into a stream the windows are still those of the same sound', () => {
  const stream = new MelStream();
  const second = Float32Array.from({ length: 16_000 }, (_, n) => Math.sin(n * 0.3) * Math.sin((2 * Math.PI * n) / 16_000));
  const silence = new Float32Array(16_000);
  let early: MelWindow | undefined;
  let late: MelWindow | undefined;
  // 200 s stand for the hours: the counters and rings have wrapped many times, and a second is a whole number of windows.
  for (let at = 0; at < 200; at++) {
    stream.push(at === 1 || at === 198 ? second : silence);
    for (let window = stream.take(); window !== undefined; window = stream.take()) {
      early = window.mediaUs === 1_480_000 ? window : early;
      late = window.mediaUs === 198_480_000 ? window : late;
    }
  }
  assert.ok(early !== undefined && late !== undefined);
  assert.ok(early.values.some((value) => value > 0));
  assert.deepEqual(late.values, early.values);
});

test('windows that nobody takes are refused, not piled up', () => {
  const stream = new MelStream({ maxWaitingWindows: 10 });
  stream.push(new Float32Array(64_000));
  assert.throws(() => { stream.push(new Float32Array(1)); }, { name: 'InvalidStateError' });
  assert.equal(stream.waiting, 97);
});

test('a flushed stream takes no more sound, and flushing twice is once', () => {
  const stream = new MelStream();
  stream.push(new Float32Array(1280));
  stream.flush();
  stream.flush();
  assert.equal(stream.waiting, 2);
  assert.throws(() => { stream.push(new Float32Array(1)); }, { name: 'InvalidStateError' });
});
