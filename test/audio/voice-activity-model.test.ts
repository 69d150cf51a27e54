import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { noStats } from '../../src/base/stats.ts';
import { VoiceActivityDetector, type SpeechProbabilities } from '../../src/audio/voice-activity-detector.ts';
import { VoiceActivityModel } from '../../src/audio/voice-activity-model.ts';
import type { OnnxModel } from '../../src/inference/onnx-model.ts';
import { OnnxThread } from '../../src/inference/onnx-thread.ts';
import type { Tensor } from '../../src/inference/tensor.ts';
import { readWav } from './wav-file.ts';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));

type Heard = [string, number][];

async function hear(model: { detector(): VoiceActivityDetector }, sound: Float32Array): Promise<Heard> {
  const detector = model.detector();
  const told: Heard = [];
  detector.events.on('started', ({ atUs }) => { told.push(['started', atUs / 1e6]); });
  detector.events.on('ended', ({ atUs }) => { told.push(['ended', atUs / 1e6]); });
  for (let at = 0; at < sound.length; at += 320) {
    detector.push(sound.subarray(at, at + 320));
    await detector.settled();
  }
  await detector.close();
  return told;
}

/** Pseudo-random noise of the given root mean square. */
function noise(length: number, rms: number): Float32Array {
  let seed = 1;
  return Float32Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return (seed / 2 ** 31 - 1) * rms * Math.sqrt(3);
  });
}

test('real speech is found where it is, in silence and in noise, and noise alone is none', async () => {
  await using model = await VoiceActivityModel.open(MODELS);
  const clip = readWav('cards_005.wav');
  for (const rms of [0, 0.01]) {
    const sound = noise(16_000 + clip.length + 16_000, rms);
    for (const [n, sample] of clip.entries()) {
      sound[16_000 + n] = sound[16_000 + n]! + sample;
    }
    const told = await hear(model, sound);
    assert.deepEqual([told[0]?.[0], told.at(-1)?.[0]], ['started', 'ended'], JSON.stringify(told));
    const [startS, endS] = [told[0]?.[1] ?? NaN, told.at(-1)?.[1] ?? NaN];
    assert.ok(startS > 0.9 && startS < 1.6, `started at ${startS} s`);
    const end = 1 + clip.length / 16_000;
    assert.ok(endS > end - 0.8 && endS < end + 0.3, `ended at ${endS} s of ${end} s`);
  }
  assert.deepEqual(await hear(model, noise(48_000, 0.03)), []);
});

/** The network run on every window, whatever is in it. */
function tireless(network: OnnxModel): SpeechProbabilities {
  const input = new Float32Array(64 + 512);
  let state: Tensor = { dims: [2, 1, 128], data: new Float32Array(256) };
  return async (windows) => {
    const probabilities: number[] = [];
    for (let at = 0; at < windows.length; at += 512) {
      input.copyWithin(0, 512);
      input.set(windows.subarray(at, at + 512), 64);
      const outputs = await network.run({ input: { dims: [1, 576], data: input }, state, sr: { dims: [], data: BigInt64Array.of(16_000n) } });
      state = outputs['stateN']!;
      probabilities.push(Number(outputs['output']!.data[0]));
    }
    return probabilities;
  };
}

/** Each clip after so many seconds of noise, and noise at the end. */
function between(clips: readonly Float32Array[], pauseS: number, noiseOf: (length: number) => Float32Array): Float32Array {
  const pause = pauseS * 16_000;
  const sound = noiseOf(clips.reduce((length, clip) => length + pause + clip.length, pause));
  let at = 0;
  for (const clip of clips) {
    at += pause;
    for (const [n, sample] of clip.entries()) {
      sound[at + n]! += sample;
    }
    at += clip.length;
  }
  return sound;
}

/** Low-passed noise and a hum, as of a fan. */
function fan(length: number, rms: number): Float32Array {
  let smoothed = 0;
  return noise(length, 2 * rms).map((sample, n) => {
    smoothed += 0.2 * (sample - smoothed);
    return 1.4 * smoothed + 0.5 * rms * Math.sin((2 * Math.PI * 100 * n) / 16_000);
  });
}

/** Decaying bursts every 0.2 to 0.4 s, as of a keyboard, in a silent room. */
function keyboard(length: number, peak: number): Float32Array {
  const sound = new Float32Array(length);
  const bursts = noise(length, peak / 2);
  for (let at = 800, stroke = 0; at + 800 < length; at += 3200 + 800 * (stroke % 5), stroke++) {
    for (let n = 0; n < 800; n++) {
      sound[at + n] = bursts[at + n]! * Math.exp(-n / 90);
    }
  }
  return sound;
}

test('where the gate spares the network noise, real speech is found as by a network that hears all: no later, and not elsewhere', async () => {
  await using model = await VoiceActivityModel.open(MODELS);
  await using thread = new OnnxThread();
  const network = await thread.load(`${MODELS}/vad/silero-vad-v6.onnx`);
  const clips = [readWav('cards_001.wav'), readWav('cards_005.wav')];
  const soft = clips.map((clip) => clip.map((sample) => 0.15 * sample));
  const scenes: readonly (readonly [string, Float32Array])[] = [
    ['silence', between(clips, 2, (length) => new Float32Array(length))],
    ['white noise', between(clips, 4, (length) => noise(length, 0.004))],
    ['a fan', between(clips, 4, (length) => fan(length, 0.01))],
    ['soft speech by a fan', between(soft, 4, (length) => fan(length, 0.004))],
    ['a keyboard', between(clips, 2, (length) => keyboard(length, 0.2))],
  ];
  for (const [name, sound] of scenes) {
    const all = await hear({ detector: () => new VoiceActivityDetector(() => tireless(network)) }, sound);
    const spared = await hear(model, sound);
    const both = `${name}: all ${JSON.stringify(all)}, spared ${JSON.stringify(spared)}`;
    assert.deepEqual(spared.map(([event]) => event), all.map(([event]) => event), both);
    assert.equal(all.length, 4, both);
    for (const [index, [, atS]] of all.entries()) {
      const lateS = spared[index]![1] - atS;
      assert.ok(Math.abs(lateS) <= 0.0321, both);
    }
  }
});

test('neither a fan nor a keyboard is speech', async () => {
  await using model = await VoiceActivityModel.open(MODELS);
  assert.deepEqual(await hear(model, fan(160_000, 0.02)), []);
  assert.deepEqual(await hear(model, keyboard(160_000, 0.3)), []);
});

test('two listeners do not disturb each other', async () => {
  await using model = await VoiceActivityModel.open(MODELS);
  const clip = readWav('cards_001.wav');
  const alone = await hear(model, clip);
  const [first, second] = await Promise.all([hear(model, clip), hear(model, noise(clip.length, 0.03))]);
  assert.deepEqual(first, alone);
  assert.deepEqual(second, []);
});

test('a lost thread is replaced and counted, and its listeners go on', async () => {
  const workers: Worker[] = [];
  const note = (worker: Worker): void => { workers.push(worker); };
  process.on('worker', note);
  const counted: string[] = [];
  try {
    await using model = await VoiceActivityModel.open(MODELS, { stats: { ...noStats, count: (event) => { counted.push(event); } } });
    const detector = model.detector();
    const told: string[] = [];
    detector.events.on('started', () => { told.push('started'); });
    detector.events.on('failed', () => { told.push('failed'); });
    detector.push(new Float32Array(1536));
    await detector.settled();
    await workers[0]?.terminate();
    detector.push(new Float32Array(1536));
    await detector.settled();
    assert.deepEqual(counted, [], 'silence needs no network, and so no thread');
    const clip = readWav('cards_005.wav');
    for (let at = 0; at < clip.length; at += 320) {
      detector.push(clip.subarray(at, at + 320));
      await detector.settled();
    }
    assert.deepEqual(told.slice(0, 1), ['started']);
    assert.deepEqual(counted, ['worker_restarts']);
    await detector.close();
  } finally {
    process.off('worker', note);
  }
});

/** Lets a detector hear speech until it has told what it makes of it: `started` or `failed`. */
async function firstTold(detector: VoiceActivityDetector, beforeEach: () => Promise<unknown> = () => Promise.resolve()): Promise<string[]> {
  const told: string[] = [];
  detector.events.on('started', () => { told.push('started'); });
  detector.events.on('failed', () => { told.push('failed'); });
  const clip = readWav('cards_005.wav');
  for (let at = 0; at < clip.length && told.length === 0; at += 1536) {
    await beforeEach();
    detector.push(clip.subarray(at, at + 1536));
    await detector.settled();
  }
  await detector.close();
  return told;
}

test('after threads that were lost again and again the next detector hears with a new one', async (t) => {
  let newest: Worker | undefined;
  const note = (worker: Worker): void => { newest = worker; };
  process.on('worker', note);
  t.after(() => { process.off('worker', note); });
  await using model = await VoiceActivityModel.open(MODELS);
  assert.deepEqual(await firstTold(model.detector(), async () => newest?.terminate()), ['failed']);
  assert.deepEqual(await firstTold(model.detector()), ['started']);
});

test('after a thread that could not be replaced the next detector hears as soon as one can be had', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'orator-voice-'));
  t.after(() => rm(folder, { recursive: true }));
  await cp(join(MODELS, 'vad'), join(folder, 'vad'), { recursive: true });
  let newest: Worker | undefined;
  const note = (worker: Worker): void => { newest = worker; };
  process.on('worker', note);
  t.after(() => { process.off('worker', note); });
  await using model = await VoiceActivityModel.open(folder);
  await rename(join(folder, 'vad'), join(folder, 'away'));
  await newest?.terminate();
  assert.deepEqual(await firstTold(model.detector()), ['failed']);
  assert.deepEqual(await firstTold(model.detector()), ['failed'], 'the file is still away');
  await rename(join(folder, 'away'), join(folder, 'vad'));
  assert.deepEqual(await firstTold(model.detector()), ['started']);
});

test('the model file is the one its README names, and a missing one is told', async () => {
  const sha256 = createHash('sha256').update(readFileSync(`${MODELS}/vad/silero-vad-v6.onnx`)).digest('hex');
  assert.ok(readFileSync(`${MODELS}/vad/README.md`, 'utf8').includes(sha256));
  await assert.rejects(VoiceActivityModel.open('/nowhere'), { code: 'model_missing' });
});
