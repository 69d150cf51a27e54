import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpeechQueue, type PlayedSpeech } from '../../src/audio/speech-queue.ts';
import { largestStep } from './close-to.ts';
import { readWav } from './wav-file.ts';

interface Heard {
  readonly voice: number[];
  readonly mel: number[];
  readonly speaking: boolean[];
  readonly started: { id: string; tick: number }[];
  readonly ended: (PlayedSpeech & { tick: number })[];
}

function listen(queue: SpeechQueue, ticks: number, before: (tick: number) => void = () => undefined): Heard {
  const heard: Heard = { voice: [], mel: [], speaking: [], started: [], ended: [] };
  for (let tick = 0; tick < ticks; tick++) {
    before(tick);
    const { voice, mel, speaking, started, ended } = queue.pull();
    assert.deepEqual([voice.length, mel.length], [960, 320]);
    for (const sample of voice) { heard.voice.push(sample); }
    for (const sample of mel) { heard.mel.push(sample); }
    heard.speaking.push(speaking);
    if (started !== undefined) { heard.started.push({ id: started, tick }); }
    if (ended !== undefined) { heard.ended.push({ ...ended, tick }); }
  }
  return heard;
}

const tone = (length: number, rateHz: number, hz = 200): Float32Array => Float32Array.from({ length }, (_, n) => 0.8 * Math.cos((2 * Math.PI * hz * n) / rateHz));
const energy = (signal: readonly number[]): number => signal.reduce((sum, value) => sum + value * value, 0);

test('an empty queue gives silence', async () => {
  await using queue = await SpeechQueue.create();
  const heard = listen(queue, 3);
  assert.equal(energy(heard.voice) + energy(heard.mel), 0);
  assert.deepEqual(heard.speaking, [false, false, false]);
  assert.equal(queue.queuedMs, 0);
});

for (const rateHz of [8000, 16_000, 22_050, 44_100, 48_000]) {
  test(`speech at ${rateHz} Hz is played to its last sample at both rates, in step`, async () => {
    await using queue = await SpeechQueue.create();
    const samples = tone(Math.floor(rateHz * 1.2345), rateHz);
    queue.begin('a', rateHz);
    assert.ok(queue.append('a', samples));
    queue.end('a');
    assert.ok(Math.abs(queue.queuedMs - (samples.length * 1000) / rateHz) < 1);
    const heard = listen(queue, 70);
    assert.deepEqual(heard.started, [{ id: 'a', tick: 0 }]);
    assert.equal(heard.ended.length, 1);
    assert.equal(Math.round((heard.ended[0]!.playedMs * 48_000) / 1000), Math.round((samples.length * 48_000) / rateHz));
    assert.equal(heard.ended[0]!.tick, 61);
    assert.equal(heard.speaking.filter(Boolean).length, 62);
    for (let n = 400; n < 19_000; n++) {
      assert.ok(Math.abs(heard.voice[3 * n]! - heard.mel[n]!) < 0.02, `16 kHz sample ${n}: ${heard.voice[3 * n]!} against ${heard.mel[n]!}`);
    }
  });
}

test('utterances are played one after the other, also empty and very short ones', async () => {
  await using queue = await SpeechQueue.create();
  for (const [id, length] of [['a', 3200], ['empty', 0], ['short', 5], ['b', 1600]] as const) {
    queue.begin(id, 16_000);
    queue.append(id, tone(length, 16_000));
    queue.end(id);
  }
  const heard = listen(queue, 30);
  assert.deepEqual(heard.started.map(({ id }) => id), ['a', 'empty', 'short', 'b']);
  assert.deepEqual(heard.ended.map(({ id, playedMs }) => [id, playedMs]), [['a', 200], ['empty', 0], ['short', 0.3125], ['b', 100]]);
  assert.equal(heard.ended[3]!.tick, 16);
});

test('late data in the middle fades out, waits and goes on without a click', async () => {
  await using queue = await SpeechQueue.create();
  const samples = tone(16_000, 16_000);
  queue.begin('a', 16_000);
  queue.append('a', samples.subarray(0, 4321));
  const heard = listen(queue, 90, (tick) => {
    if (tick === 30) {
      queue.append('a', samples.subarray(4321));
      queue.end('a');
    }
  });
  const own = largestStep(tone(48_000, 48_000));
  assert.ok(largestStep([0, ...heard.voice]) <= own + 1.1 / 240, `a step of ${largestStep(heard.voice)}`);
  assert.ok(largestStep([0, ...heard.mel]) <= 3 * own + 1.1 / 80, `a step of ${largestStep(heard.mel)}`);
  assert.equal(energy(heard.voice.slice(20 * 960, 30 * 960)), 0);
  assert.equal(heard.started.length, 1);
  assert.deepEqual(heard.ended.map(({ id, playedMs }) => [id, playedMs]), [['a', 1000]]);
  assert.ok(heard.speaking.slice(0, heard.ended[0]!.tick + 1).every(Boolean));
});

test('a source in real time with jitter stutters at most a few times', async () => {
  await using queue = await SpeechQueue.create();
  const samples = tone(16_000 * 6, 16_000);
  queue.begin('a', 16_000);
  let sent = 0;
  const heard = listen(queue, 300, (tick) => {
    // Every third packet comes 20 ms late, in a burst with the next one.
    while (sent <= tick - (tick % 3 === 0 ? 1 : 0)) {
      queue.append('a', samples.subarray(sent * 320, (sent + 1) * 320));
      sent += 1;
    }
  });
  const silentTicks = Array.from({ length: 300 }, (_, tick) => energy(heard.voice.slice(tick * 960, (tick + 1) * 960))).filter((sum) => sum < 1).length;
  assert.ok(silentTicks <= 6, `${silentTicks} silent ticks`);
});

test('each underrun makes an utterance wait for more, up to 160 ms, and the next one begins afresh', async () => {
  await using queue = await SpeechQueue.create();
  const rateHz = 48_000;
  const sounds = (id: string, ms: number): boolean => {
    queue.append(id, tone((rateHz * ms) / 1000, rateHz));
    return energy([...queue.pull().voice]) > 50;
  };
  /** Plays until nothing is left. */
  const runDry = (): void => { listen(queue, 12); };
  queue.begin('a', rateHz);
  assert.ok(!sounds('a', 30) && sounds('a', 10), '40 ms to begin with');
  for (const neededMs of [80, 160, 160]) {
    runDry();
    assert.ok(!sounds('a', neededMs - 20) && sounds('a', 20), `${neededMs} ms`);
  }
  queue.interrupt();
  queue.begin('b', rateHz);
  assert.ok(!sounds('b', 30) && sounds('b', 10), '40 ms again');
});

test('an utterance that follows an interrupt at once begins over the old one\'s fading end, without a click', async () => {
  await using queue = await SpeechQueue.create();
  queue.begin('a', 48_000);
  queue.append('a', tone(48_000, 48_000));
  const before = listen(queue, 10);
  queue.interrupt();
  queue.begin('b', 48_000);
  // Begins at the top of the wave, in the opposite sense.
  queue.append('b', tone(9600, 48_000).map((value) => -value));
  queue.end('b');
  const after = listen(queue, 2);
  assert.ok(largestStep([...before.voice, ...after.voice]) <= 2 * largestStep(tone(48_000, 48_000)) + 2.2 / 240, `a step of ${largestStep([...before.voice, ...after.voice])}`);
  assert.ok(largestStep([...before.mel, ...after.mel]) <= 6 * largestStep(tone(48_000, 48_000)) + 2.2 / 80);
});

test('an interrupt drops everything at once, tells what was played, and fades out', async () => {
  await using queue = await SpeechQueue.create();
  for (const id of ['a', 'b']) {
    queue.begin(id, 22_050);
    queue.append(id, tone(22_050, 22_050));
  }
  const before = listen(queue, 10);
  assert.deepEqual(queue.interrupt(), [{ id: 'a', playedMs: 200 }, { id: 'b', playedMs: 0 }]);
  assert.equal(queue.queuedMs, 0);
  const after = listen(queue, 5);
  assert.ok(largestStep([...before.voice, ...after.voice]) <= largestStep(tone(48_000, 48_000)) + 1.1 / 240);
  assert.equal(energy(after.voice.slice(240)), 0);
  assert.deepEqual(after.speaking, [false, false, false, false, false]);
  assert.throws(() => queue.append('a', tone(10, 22_050)), { name: 'InvalidStateError' });
  queue.begin('a', 22_050);
  queue.append('a', tone(2205, 22_050));
  queue.end('a');
  assert.equal(listen(queue, 10).ended[0]?.playedMs, 100);
});

test('more than the limit is refused whole, and accepted again when some was played', async () => {
  await using queue = await SpeechQueue.create({ maxQueuedMs: 1000 });
  queue.begin('a', 16_000);
  assert.ok(queue.append('a', tone(15_000, 16_000)));
  assert.equal(queue.append('a', tone(2000, 16_000)), false);
  assert.equal(queue.queuedMs, 937.5);
  listen(queue, 10);
  assert.ok(queue.append('a', tone(2000, 16_000)));
});

test('wrong calls are refused', async () => {
  const queue = await SpeechQueue.create();
  queue.begin('a', 16_000);
  assert.throws(() => { queue.begin('a', 16_000); }, { code: 'audio_already_started' });
  assert.throws(() => { queue.begin('b', 100); }, TypeError);
  assert.throws(() => { queue.end('b'); }, { name: 'InvalidStateError' });
  queue.end('a');
  assert.throws(() => queue.append('a', new Float32Array(1)), { name: 'InvalidStateError' });
  for (let n = 1; n < 64; n++) {
    queue.begin(`u${n}`, 16_000);
  }
  assert.throws(() => { queue.begin('one more', 16_000); }, { code: 'speech_queue_full' });
  assert.equal(queue.close(), queue.close());
  await queue.close();
  assert.throws(() => queue.pull(), { name: 'InvalidStateError' });
  await assert.rejects(SpeechQueue.create({ maxQueuedMs: Number.NaN }), TypeError);
});

test('many rates, one after the other, keep only the filters in use', async () => {
  await using queue = await SpeechQueue.create();
  for (const [n, rateHz] of [8000, 11_025, 16_000, 22_050, 24_000, 44_100, 8000].entries()) {
    queue.begin(`u${n}`, rateHz);
    queue.append(`u${n}`, tone(rateHz / 5, rateHz));
    queue.end(`u${n}`);
  }
  const heard = listen(queue, 100);
  assert.deepEqual(heard.ended.map(({ playedMs }) => Math.round(playedMs)), [200, 200, 200, 200, 200, 200, 200]);
});

test('real speech comes out as it went in', async () => {
  await using queue = await SpeechQueue.create();
  const clip = readWav('cards_001.wav');
  queue.begin('a', 16_000);
  for (let at = 0; at < clip.length; at += 320) {
    queue.append('a', clip.subarray(at, at + 320));
  }
  queue.end('a');
  const heard = listen(queue, Math.ceil(clip.length / 320));
  for (let n = 80; n < clip.length; n++) {
    assert.equal(heard.mel[n], clip[n]);
  }
});

test('two minutes pushed in real time neither pile up nor run dry, and both rates end together', async () => {
  await using queue = await SpeechQueue.create();
  const chunk = tone(441, 22_050);
  queue.begin('a', 22_050);
  let ended: PlayedSpeech | undefined;
  let lastTick = 0;
  for (let tick = 0; ended === undefined && tick < 7000; tick++) {
    if (tick < 6000) {
      queue.append('a', chunk);
    } else if (tick === 6000) {
      queue.end('a');
    }
    const pulled = queue.pull();
    ended = pulled.ended;
    lastTick = tick;
    assert.ok(queue.queuedMs <= 60, `${queue.queuedMs} ms wait at tick ${tick}`);
    if (tick > 1 && tick < 6000) {
      assert.ok(pulled.voice.some((value) => value !== 0) && pulled.mel.some((value) => value !== 0), `silent at tick ${tick}`);
    }
  }
  assert.equal(ended?.playedMs, 120_000);
  assert.ok(lastTick <= 6002, `ended at tick ${lastTick}`);
});
