import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import { SpeechLine } from '../../src/session/speech-line.ts';
import type { SpeechLineEvents } from '../../src/session/speech-line.ts';

const DELAY_TICKS = 10;

interface Told { readonly tick: number; readonly name: keyof SpeechLineEvents; readonly id: string; readonly windowMs?: number; readonly playedMs?: number; readonly interrupted?: boolean }

/** A line of 200 ms delay, run tick by tick, and what it told. */
async function withLine(run: (line: SpeechLine, tick: (times?: number) => Float32Array, told: Told[]) => void, { maxQueuedMs = 3000 } = {}): Promise<void> {
  await using line = await SpeechLine.open({ textToSpeech: undefined, voice: 'en', maxTextChars: 100, maxQueuedMs, delayMs: DELAY_TICKS * 20, onListenerError: (error) => { throw error; } });
  const told: Told[] = [];
  let ticks = 0;
  for (const name of ['started', 'ended', 'window'] as const) {
    line.events.on(name, (event) => { told.push({ tick: ticks, name, ...event }); });
  }
  run(line, (times = 1) => {
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
