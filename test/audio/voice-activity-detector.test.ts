import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VOICE_WINDOW_SAMPLES, VoiceActivityDetector, type VoiceActivityOptions } from '../../src/audio/voice-activity-detector.ts';

/** The first sample of each window. */
function firsts(windows: Float32Array): number[] {
  return Array.from({ length: windows.length / VOICE_WINDOW_SAMPLES }, (_, window) => windows[window * VOICE_WINDOW_SAMPLES]!);
}

/** A detector whose network reads the probability from each window's first sample. */
function reading(options: VoiceActivityOptions = {}): { detector: VoiceActivityDetector; told: [string, number][] } {
  const detector = new VoiceActivityDetector(() => (windows) => Promise.resolve(firsts(windows)), options);
  const told: [string, number][] = [];
  detector.events.on('started', ({ atUs }) => { told.push(['started', atUs]); });
  detector.events.on('ended', ({ atUs }) => { told.push(['ended', atUs]); });
  return { detector, told };
}

async function hear(detector: VoiceActivityDetector, probabilities: readonly number[]): Promise<void> {
  for (const probability of probabilities) {
    detector.push(new Float32Array(VOICE_WINDOW_SAMPLES).fill(probability));
    await detector.settled();
  }
}

const run = (probability: number, windows: number): number[] => new Array<number>(windows).fill(probability);

test('speech is told once it goes on, its end once silence goes on, both with the time they began', async () => {
  const { detector, told } = reading();
  await hear(detector, [...run(0.1, 10), ...run(0.9, 20), ...run(0.1, 20)]);
  assert.deepEqual(told, [['started', 320_000], ['ended', 960_000]]);
  await detector.close();
});

test('a click is no speech, and a short pause is no end', async () => {
  const { detector, told } = reading();
  await hear(detector, [...run(0.1, 3), ...run(0.9, 2), ...run(0.1, 5), ...run(0.9, 10), ...run(0.1, 12), ...run(0.9, 3), ...run(0.1, 12)]);
  assert.deepEqual(told, [['started', 320_000]]);
  assert.equal(detector.speaking, true);
  await detector.close();
});

test('between the thresholds nothing changes', async () => {
  const { detector, told } = reading();
  await hear(detector, [...run(0.4, 50)]);
  assert.deepEqual(told, []);
  await hear(detector, [...run(0.9, 5), ...run(0.4, 50)]);
  assert.deepEqual(told, [['started', 1_600_000]]);
  await detector.close();
});

test('what was heard before a reset is not told after it', async () => {
  const { detector, told } = reading();
  detector.push(new Float32Array(3 * VOICE_WINDOW_SAMPLES).fill(0.9));
  detector.reset();
  await detector.settled();
  assert.deepEqual(told, []);
  assert.equal(detector.speaking, false);
  await detector.close();
});

test('where the network was slow and windows were dropped, times are still those of the sound', async () => {
  const held = Promise.withResolvers<undefined>();
  let turns = 0;
  const detector = new VoiceActivityDetector(() => async (windows) => {
    turns += 1;
    const heard = firsts(windows);
    await (turns === 1 ? held.promise : undefined);
    return heard;
  });
  const told: number[] = [];
  detector.events.on('started', ({ atUs }) => { told.push(atUs); });
  for (let window = 0; window < 100; window++) {
    detector.push(new Float32Array(VOICE_WINDOW_SAMPLES));
  }
  held.resolve(undefined);
  await detector.settled();
  await hear(detector, run(0.9, 5));
  assert.deepEqual(told, [100 * 32_000]);
  await detector.close();
});

test('windows wait for one another as long as nothing can be told without the next', async () => {
  const turns: number[] = [];
  const detector = new VoiceActivityDetector(() => (windows) => {
    turns.push(windows.length / VOICE_WINDOW_SAMPLES);
    return Promise.resolve(firsts(windows));
  });
  await hear(detector, [...run(0.1, 6), 0.1, 0.1, 0.9, 0.9, 0.9, ...run(0.9, 20), ...run(0.1, 19)]);
  assert.deepEqual(turns.splice(0), [3, 3, 3, 2, 8, 8, 8, 8, 4, 3], 'three make a start, sixteen an end');
  await detector.close();
});

test('everything is told at the very window that decides it, as if the network heard each alone', async () => {
  let seed = 7;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const probabilities = Array.from({ length: 60 }, () => run(random(), 1 + Math.floor(25 * random()))).flat().map((mean) => mean + 0.1 * random());
  const { detector, told } = reading();
  const deciding: number[] = [];
  for (const [window, probability] of probabilities.entries()) {
    const before = told.length;
    await hear(detector, [probability]);
    deciding.push(...told.slice(before).map(() => window));
  }
  assert.deepEqual(deciding, deciders(probabilities));
  assert.ok(deciding.length > 10);
  await detector.close();
});

/** The windows at which a start or an end is certain, by the rule told: 96 ms from 0.5 on and never under 0.35, 500 ms under 0.35. */
function deciders(probabilities: readonly number[]): number[] {
  const decided: number[] = [];
  let speaking = false;
  let windows = 0;
  for (const [window, probability] of probabilities.entries()) {
    windows = (speaking ? probability < 0.35 : probability >= (windows > 0 ? 0.35 : 0.5)) ? windows + 1 : 0;
    if (windows >= (speaking ? 16 : 3)) {
      decided.push(window);
      speaking = !speaking;
      windows = 0;
    }
  }
  return decided;
}

test('a slow network drops the oldest sound and keeps the time', async () => {
  let release = (): void => undefined;
  const seen: number[] = [];
  const detector = new VoiceActivityDetector(() => async (windows) => {
    const heard = firsts(windows);
    seen.push(...heard);
    if (heard[0] === 0) {
      await new Promise<void>((resolve) => { release = resolve; });
    }
    return heard.map(() => 0.9);
  });
  const told: number[] = [];
  detector.events.on('started', ({ atUs }) => { told.push(atUs); });
  for (let n = 0; n < 100; n++) {
    detector.push(new Float32Array(VOICE_WINDOW_SAMPLES).fill(n));
  }
  release();
  await detector.settled();
  assert.deepEqual(seen, [0, 1, 2, ...Array.from({ length: 16 }, (_, n) => 84 + n)]);
  assert.equal(detector.speaking, true);
  assert.equal(told.length, 1);
  await detector.close();
});

test('a reset forgets speech and what waits', async () => {
  const { detector, told } = reading();
  await hear(detector, run(0.9, 5));
  detector.reset();
  assert.equal(detector.speaking, false);
  await hear(detector, run(0.1, 30));
  assert.deepEqual(told, [['started', 0]]);
  await detector.close();
});

test('a failing network is told once and thrown at the next push', async () => {
  const detector = new VoiceActivityDetector(() => () => Promise.reject(new Error('no')));
  const failures: string[] = [];
  detector.events.on('failed', ({ error }) => { failures.push(error.message); });
  detector.push(new Float32Array(1536));
  await detector.settled();
  assert.deepEqual(failures, ['no']);
  assert.throws(() => { detector.push(new Float32Array(1)); }, /no/);
  detector.push(new Float32Array(20_000));
  await detector.close();
});

test('a closed detector takes nothing and tells nothing', async () => {
  const { detector, told } = reading();
  for (let n = 0; n < 10; n++) {
    detector.push(new Float32Array(VOICE_WINDOW_SAMPLES).fill(0.9));
  }
  await Promise.all([detector.close(), detector.close()]);
  assert.deepEqual(told, []);
  assert.throws(() => { detector.push(new Float32Array(1)); }, { name: 'InvalidStateError' });
});
