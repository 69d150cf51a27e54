import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { noStats } from '../../src/base/stats.ts';
import { VoiceActivityModel } from '../../src/audio/voice-activity-model.ts';
import { readWav } from './wav-file.ts';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));

async function hear(model: VoiceActivityModel, sound: Float32Array): Promise<[string, number][]> {
  const detector = model.detector();
  const told: [string, number][] = [];
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
    detector.push(new Float32Array(512));
    await detector.settled();
    await workers[0]?.terminate();
    detector.push(new Float32Array(512));
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

test('the model file is the one its README names, and a missing one is told', async () => {
  const sha256 = createHash('sha256').update(readFileSync(`${MODELS}/vad/silero-vad-v6.onnx`)).digest('hex');
  assert.ok(readFileSync(`${MODELS}/vad/README.md`, 'utf8').includes(sha256));
  await assert.rejects(VoiceActivityModel.open('/nowhere'), { code: 'model_missing' });
});
