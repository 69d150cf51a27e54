import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TextToSpeech } from '../../src/audio/text-to-speech.ts';
import { AvatarError } from '../../src/base/errors.ts';
import { SpeechLine } from '../../src/session/speech-line.ts';
import type { SpeechLineEvents } from '../../src/session/speech-line.ts';

const DELAY_TICKS = 10;

interface Told { readonly tick: number; readonly name: keyof SpeechLineEvents; readonly id: string; readonly windowMs?: number; readonly playedMs?: number; readonly interrupted?: boolean; readonly fresh?: boolean }

/** An engine that speaks `200` as 200 ms of a tone, has no sound for `…`, and fails at anything else. */
const ENGINE = {
  checkVoice: () => undefined,
  async* speak({ text, signal }: { text: string; signal: AbortSignal }) {
    await settled();
    signal.throwIfAborted();
    const lengthMs = text === '…' ? 0 : Number(text);
    if (Number.isNaN(lengthMs)) {
      throw new AvatarError('speech_engine_failed', `No idea how to say ${text}.`);
    }
    for (let atMs = 0; atMs < lengthMs; atMs += 100) {
      yield { samples: tone(100), sampleRateHz: 48_000 };
    }
  },
} as unknown as TextToSpeech;

const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

/** A line of 200 ms delay, run tick by tick, and what it told. */
async function withLine(run: (line: SpeechLine, tick: (times?: number) => Float32Array, told: Told[]) => Promise<void> | void, { maxQueuedMs = 3000 } = {}): Promise<void> {
  await using line = await SpeechLine.open({ textToSpeech: ENGINE, voice: 'en', maxTextChars: 100, maxQueuedMs, delayMs: DELAY_TICKS * 20, onListenerError: (error) => { throw error; } });
  const told: Told[] = [];
  let ticks = 0;
  for (const name of ['started', 'ended', 'window', 'failed'] as const) {
    line.events.on(name, (event) => { told.push({ tick: ticks, name, ...event }); });
  }
  await run(line, (times = 1) => {
    let voice: Float32Array = new Float32Array();
    for (let time = 0; time < times; time++, ticks++) {
      ({ voice } = line.tick());
    }
    return voice;
  }, told);
}

/** A steady tone at 48 kHz. */
function tone(ms: number): Float32Array {
  return Float32Array.from({ length: ms * 48 }, (_, sample) => 0.5 * Math.sin((2 * Math.PI * 200 * sample) / 48_000));
}

const loudest = (voice: Float32Array): number => voice.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

test('pushed sound is heard after the delay, and started and ended are told when it is heard', () => withLine((line, tick, told) => {
  line.startPcm(48_000, 'a');
  line.appendPcm(tone(200));
  line.endPcm();
  assert.equal(loudest(tick(DELAY_TICKS)), 0);
  assert.ok(loudest(tick(5)) > 0.4);
  tick(10);
  assert.equal(loudest(tick()), 0);
  const [started, ended] = [told.find(({ name }) => name === 'started'), told.find(({ name }) => name === 'ended')];
  assert.equal(started?.tick, DELAY_TICKS);
  assert.ok(ended !== undefined && ended.tick >= DELAY_TICKS + 10 && ended.tick <= DELAY_TICKS + 12, JSON.stringify(ended));
  assert.deepEqual([ended.playedMs, ended.interrupted], [200, false]);
}));

test('an interrupt fades within 5 ms, and nothing of what was interrupted is heard afterwards', () => withLine((line, tick, told) => {
  line.startPcm(48_000, 'a');
  line.appendPcm(tone(1000));
  tick(DELAY_TICKS + 10);
  line.interrupt();
  const fading = tick();
  assert.ok(loudest(fading.subarray(0, 48)) > 0.1, 'it does not break off at once');
  assert.equal(loudest(fading.subarray(240)), 0);
  for (let later = 0; later < 3 * DELAY_TICKS; later++) {
    assert.equal(loudest(tick()), 0, `tick ${later} after the interrupt`);
  }
  const ended = told.filter(({ name }) => name === 'ended');
  assert.deepEqual(ended.map(({ id, playedMs, interrupted }) => ({ id, playedMs, interrupted })), [{ id: 'a', playedMs: 200, interrupted: true }]);
}));

test('after an interrupt the next push is heard after the delay as if nothing had been', () => withLine((line, tick) => {
  line.startPcm(48_000, 'a');
  line.appendPcm(tone(1000));
  tick(DELAY_TICKS + 3);
  line.interrupt();
  line.startPcm(48_000, 'b');
  line.appendPcm(tone(400));
  tick();
  assert.equal(loudest(tick(DELAY_TICKS - 1)), 0);
  assert.ok(loudest(tick(3)) > 0.4);
}));

test('the window of a push is told at its start and every half second, and shrinks by what waits', () => withLine((line, tick, told) => {
  line.startPcm(48_000, 'a');
  line.appendPcm(tone(2000));
  tick(50);
  const windows = told.filter(({ name }) => name === 'window');
  assert.deepEqual(windows.map(({ id }) => id), ['a', 'a', 'a']);
  assert.equal(windows[0]?.windowMs, 3000);
  for (const [index, expected] of [[1, 1500], [2, 2000]] as const) {
    const { windowMs = 0 } = windows[index]!;
    assert.ok(Math.abs(windowMs - expected) <= 40, String(windowMs));
  }
  line.endPcm();
  tick(30);
  assert.equal(told.filter(({ name }) => name === 'window').length, 3);
}));

test('more than the window is refused whole, and what waits stays', () => withLine((line) => {
  line.startPcm(48_000);
  line.appendPcm(tone(2900));
  assert.throws(() => { line.appendPcm(tone(200)); }, (error) => error instanceof AvatarError && error.code === 'speech_queue_full');
  assert.ok(Math.abs(line.queuedMs - 2900) < 1);
}));

/** Names, ids and played time of what was told, in order. */
const story = (told: readonly Told[]): string[] => told.filter(({ name }) => name !== 'window')
  .map(({ name, id, playedMs, interrupted }) => [name, id, ...(name === 'ended' ? [playedMs, interrupted === true ? 'cut' : 'whole'] : [])].join(' '));

test('an interrupt ends every text, also those that still waited for the engine, and each once', () => withLine(async (line, tick, told) => {
  for (const id of ['a', 'b', 'c', 'd']) {
    line.speak('2000', { id });
  }
  for (let turn = 0; turn < 5; turn++) {
    await settled();
  }
  tick(DELAY_TICKS + 5);
  line.interrupt();
  line.interrupt();
  assert.deepEqual(story(told), ['started a', 'ended a 100 cut', 'ended b 0 cut', 'ended c 0 cut', 'ended d 0 cut']);
  line.speak('100', { id: 'e' });
  for (let turn = 0; turn < 10; turn++) {
    await settled();
  }
  tick(30);
  assert.deepEqual(story(told).slice(5), ['started e', 'ended e 100 whole']);
}));

test('a text right after an interrupt is as fresh as any, and those that waited leave its place', () => withLine(async (line, tick, told) => {
  for (let text = 0; text < 16; text++) {
    line.speak('2000');
  }
  line.interrupt();
  line.speak('100', { id: 'next' });
  for (let turn = 0; turn < 40; turn++) {
    await settled();
  }
  tick(30);
  const [started] = told.filter(({ name }) => name === 'started');
  assert.deepEqual([started?.id, started?.fresh], ['next', true]);
}));

test('a text without sound ends in its turn, is never spoken, and makes no later one wait', () => withLine(async (line, tick, told) => {
  line.speak('100', { id: 'a' });
  line.speak('…', { id: 'b' });
  for (let turn = 0; turn < 5; turn++) {
    await settled();
  }
  tick(40);
  assert.deepEqual(story(told), ['started a', 'ended a 100 whole', 'ended b 0 whole']);
  line.speak('…', { id: 'c' });
  await settled();
  await settled();
  const { speaking, heard } = line.tick();
  assert.deepEqual({ speaking, heard }, { speaking: false, heard: false });
  tick(20);
  let fresh: boolean | undefined;
  line.events.on('started', (started) => { ({ fresh } = started); });
  line.speak('100', { id: 'd' });
  await settled();
  await settled();
  tick(30);
  assert.equal(fresh, true);
}));

test('a text that cannot be spoken is told by its id, and those behind it are spoken', () => withLine(async (line, tick, told) => {
  line.speak('broken', { id: 'a' });
  line.speak('100', { id: 'b' });
  for (let turn = 0; turn < 5; turn++) {
    await settled();
  }
  tick(30);
  assert.deepEqual(story(told), ['failed a', 'started b', 'ended b 100 whole']);
}));

test('pushed sound that waits for nothing is fresh, each push and also the text after it', () => withLine(async (line, tick) => {
  const heard: string[] = [];
  line.events.on('started', ({ id, fresh }) => { heard.push(`${id} ${fresh ? 'fresh' : 'waited'}`); });
  for (const id of ['a', 'b']) {
    line.startPcm(48_000, id);
    for (let piece = 0; piece < 20; piece++) {
      line.appendPcm(tone(20));
      tick();
    }
    line.endPcm();
    tick(DELAY_TICKS + 5);
  }
  line.speak('100', { id: 'c' });
  line.speak('100', { id: 'd' });
  line.startPcm(48_000, 'e');
  line.speak('100', { id: 'f' });
  for (let turn = 0; turn < 10; turn++) {
    await settled();
  }
  line.appendPcm(tone(100));
  line.endPcm();
  tick(50);
  assert.deepEqual([...heard].sort(), ['a fresh', 'b fresh', 'c fresh', 'd waited', 'e waited', 'f waited']);
}));

test('what the window says is taken, also when a part of a millisecond waits', () => withLine((line, tick, told) => {
  line.startPcm(48_000, 'a');
  line.appendPcm(tone(1000).subarray(0, 47_970));
  tick(25);
  const windowMs = told.findLast(({ name }) => name === 'window')?.windowMs ?? 0;
  line.appendPcm(tone(windowMs));
}));

test('what an interrupt cuts off after it was all pulled counts as played as far as it was heard', () => withLine((line, tick, told) => {
  line.startPcm(48_000, 'a');
  line.appendPcm(tone(200));
  line.endPcm();
  tick(DELAY_TICKS + 5);
  assert.equal(line.queuedMs, 0);
  line.interrupt();
  assert.deepEqual(story(told), ['started a', 'ended a 100 cut']);
  assert.equal(line.tick().heard, false);
}));

test('a line speaks from the first new sound until the last has left, without a break, and is heard after the delay', () => withLine((line, tick) => {
  line.startPcm(48_000, 'a');
  line.appendPcm(tone(100));
  line.endPcm();
  const spokenTicks = 100 / 20;
  const ticks: boolean[] = [];
  for (let { speaking, heard } = line.tick(); speaking; { speaking, heard } = line.tick()) {
    ticks.push(heard);
  }
  assert.ok(ticks.length >= spokenTicks + DELAY_TICKS && ticks.length <= spokenTicks + DELAY_TICKS + 1, String(ticks.length));
  assert.deepEqual(ticks, ticks.map((_, index) => index >= DELAY_TICKS));
  assert.equal(loudest(tick()), 0);
}));

test('a long text is made a few seconds ahead of the viewer, however much may wait, and goes on as it is heard', () => withLine(async (line, tick) => {
  line.speak('10000');
  for (let turn = 0; turn < 200; turn++) {
    await settled();
  }
  assert.ok(line.queuedMs >= 3000 && line.queuedMs <= 3100, String(line.queuedMs));
  tick(50);
  for (let turn = 0; turn < 50; turn++) {
    await settled();
  }
  tick();
  assert.ok(line.queuedMs < 3000 && line.queuedMs > 2000, String(line.queuedMs));
}, { maxQueuedMs: 60_000 }));

test('a seventeenth text is refused, and taken once one of the others is over', () => withLine(async (line) => {
  for (let text = 0; text < 16; text++) {
    line.speak('100');
  }
  assert.throws(() => { line.speak('100'); }, (error) => error instanceof AvatarError && error.code === 'speech_queue_full');
  for (let turn = 0; turn < 5; turn++) {
    await settled();
  }
  line.speak('100');
}));

test('a text is not fresh while a push is open, though nothing of that came yet', () => withLine(async (line, tick, told) => {
  line.startPcm(48_000, 'push');
  line.speak('100', { id: 'text' });
  for (let turn = 0; turn < 5; turn++) {
    await settled();
  }
  line.endPcm();
  tick(30);
  assert.deepEqual(told.filter(({ name }) => name === 'started').map(({ id, fresh }) => [id, fresh]), [['text', false]]);
}));

test('a text that could not be spoken makes no later one wait', () => withLine(async (line, tick, told) => {
  line.speak('broken', { id: 'a' });
  await settled();
  await settled();
  line.speak('100', { id: 'b' });
  for (let turn = 0; turn < 5; turn++) {
    await settled();
  }
  tick(30);
  assert.equal(told.find(({ name }) => name === 'started')?.fresh, true);
}));

test('a mirrored microphone moves the mouth at once, and is heard after the delay', () => withLine((line) => {
  const microphone = Float32Array.from({ length: 320 }, (_, sample) => 0.5 * Math.sin((2 * Math.PI * 200 * sample) / 16_000));
  let heardAt: number | undefined;
  for (let tick = 0; heardAt === undefined && tick < 3 * DELAY_TICKS; tick++) {
    const { mel, voice, speaking } = line.tick(microphone);
    assert.deepEqual(mel, microphone);
    assert.equal(speaking, false, 'whether somebody speaks is for others to say');
    heardAt = loudest(voice) > 0.4 ? tick : undefined;
  }
  assert.ok(heardAt !== undefined && heardAt >= DELAY_TICKS && heardAt <= DELAY_TICKS + 1, String(heardAt));
}));
