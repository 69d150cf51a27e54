import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodedUnit } from '../../src/base/encoded-unit.ts';
import { InvalidStateError } from '../../src/base/errors.ts';
import type { MelWindow } from '../../src/base/mel-window.ts';
import type { MotionFrame } from '../../src/base/motion-frame.ts';
import { NEUTRAL_POSE } from '../../src/base/motion-frame.ts';
import type { Picture } from '../../src/base/picture.ts';
import type { CountedEvent, Stats } from '../../src/base/stats.ts';
import type { SizedEncoder } from '../../src/encode/sized-encoder.ts';
import { FrameBudget } from '../../src/session/frame-budget.ts';
import { FrameLine } from '../../src/session/frame-line.ts';
import type { MotionStream } from '../../src/motion/motion-stream.ts';

const FRAME_US = 40_000;

/** Counts, for looking at. */
class Counts implements Stats {
  readonly of = new Map<CountedEvent, number>();

  stageMs(): void {
    // Times do not matter here.
  }

  batchFrames(): void {
    // Nor do batches.
  }

  count(event: CountedEvent, by = 1): void {
    this.of.set(event, (this.of.get(event) ?? 0) + by);
  }
}

/** A line whose drawing waits until the test lets each picture go. */
class Bench {
  readonly counts = new Counts();
  readonly budget = new FrameBudget();
  readonly failures: unknown[] = [];
  readonly closed: string[] = [];
  readonly released: number[] = [];
  readonly encoded: { mediaUs: number; keyFrame: boolean }[] = [];
  readonly drawings: { motion: MotionFrame; draw: () => void; fail: (error: Error) => void }[] = [];
  /** The first value of each window that became motion, and where the face was reset. */
  readonly loudness: (number | 'reset')[] = [];
  readonly line: FrameLine;
  /** Motion waits for this. */
  thinking: Promise<void> = Promise.resolve();
  #bitrateBps = 1_000_000;

  constructor() {
    const note = (name: string) => (): Promise<void> => {
      this.closed.push(name);
      return Promise.resolve();
    };
    const face = {
      next: ({ mediaUs, values }: MelWindow) => {
        this.loudness.push(values[0]!);
        return this.thinking.then(() => ({ mediaUs, expression: new Float32Array(15), pose: NEUTRAL_POSE }));
      },
      reset: () => { this.loudness.push('reset'); }, close: note('face'),
    };
    const drawing = {
      width: 2, height: 2, close: note('drawing'),
      draw: (motion: MotionFrame) => new Promise<Picture>((resolve, reject) => {
        this.drawings.push({
          motion, fail: reject,
          draw: () => { resolve({ width: 2, height: 2, data: new Uint8Array(6), mediaUs: motion.mediaUs, release: () => { this.released.push(motion.mediaUs); } }); },
        });
      }),
    };
    const bench = { bitrateBps: () => this.#bitrateBps, set: (bps: number) => { this.#bitrateBps = bps; } };
    const encoder = {
      get bitrateBps(): number { return bench.bitrateBps(); },
      setBitrate: (bps: number) => { bench.set(bps); },
      encode: ({ mediaUs }: Picture, { keyFrame = false }: { keyFrame?: boolean }): Promise<EncodedUnit> => {
        this.encoded.push({ mediaUs, keyFrame });
        return Promise.resolve({ kind: 'video', data: new Uint8Array(1), mediaUs, keyFrame });
      },
      close: note('encoder'),
    };
    this.line = new FrameLine({
      motion: face as unknown as MotionStream, drawing: drawing, encoder: encoder as unknown as SizedEncoder,
      budget: this.budget, stats: this.counts, onFailed: (error) => { this.failures.push(error); },
    });
  }

  async push(...frames: number[]): Promise<void> {
    for (const frame of frames) {
      this.line.push({ mediaUs: frame * FRAME_US, values: new Float32Array(1280) }, 'idle');
    }
    await settled();
  }

  async drawNext(): Promise<void> {
    this.drawings.shift()?.draw();
    await settled();
  }
}

/** Lets everything go on that waits for nothing but its turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
}

test('frames are given out at their time, in order, the first as a key frame', async () => {
  const bench = new Bench();
  await bench.push(0, 1, 2);
  await bench.drawNext();
  await bench.drawNext();
  await bench.drawNext();
  assert.deepEqual(bench.line.takeDue(0).map(({ mediaUs }) => mediaUs), [0]);
  assert.deepEqual(bench.line.takeDue(20_000), []);
  assert.deepEqual(bench.line.takeDue(2 * FRAME_US).map(({ mediaUs }) => mediaUs), [FRAME_US, 2 * FRAME_US]);
  assert.deepEqual(bench.encoded.map(({ keyFrame }) => keyFrame), [true, false, false]);
  assert.deepEqual(bench.released, [0, FRAME_US, 2 * FRAME_US]);
});

test('a fourth frame under way is dropped and counted, and so are times at which there is none to show', async () => {
  const bench = new Bench();
  await bench.push(0, 1, 2, 3);
  assert.equal(bench.line.inFlight, 3);
  assert.equal(bench.counts.of.get('frames_dropped'), 1);
  await bench.drawNext();
  bench.line.takeDue(0);
  bench.line.takeDue(FRAME_US);
  assert.equal(bench.counts.of.get('frames_repeated'), 1);
});

test('while motion hangs at most ten windows wait; more are dropped and counted, and the line goes on', async () => {
  const bench = new Bench();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  bench.thinking = promise.then(() => undefined);
  await bench.push(...Array.from({ length: 14 }, (_, frame) => frame));
  assert.equal(bench.counts.of.get('frames_dropped'), 4);
  resolve(undefined);
  await settled();
  bench.thinking = Promise.resolve();
  for (let frame = 0; frame < 3; frame++) {
    await bench.drawNext();
  }
  await bench.push(20);
  assert.equal(bench.drawings.at(-1)?.motion.mediaUs, 20 * FRAME_US);
});

test('a picture that comes two frames late is released unencoded, unless nothing was shown for long', async () => {
  const bench = new Bench();
  await bench.push(0, 1, 2);
  await bench.drawNext();
  bench.line.takeDue(0);
  bench.line.takeDue(3 * FRAME_US);
  await bench.drawNext();
  assert.deepEqual([bench.encoded.length, bench.released.length, bench.counts.of.get('frames_dropped')], [1, 2, 1]);
  bench.line.takeDue(8 * FRAME_US);
  await bench.drawNext();
  assert.equal(bench.encoded.length, 2);
  assert.equal(bench.counts.of.get('frames_late'), 1);
});

test('a picture that comes when it is due is late already; one that comes a frame later still is missed by the budget', async () => {
  for (const [takenUs, expectedMissed] of [[FRAME_US, 0], [2 * FRAME_US, 1]] as const) {
    const bench = new Bench();
    let missed = 0;
    bench.budget.missed = () => { missed += 1; };
    await bench.push(0, 1);
    await bench.drawNext();
    bench.line.takeDue(0);
    bench.line.takeDue(takenUs);
    await bench.drawNext();
    assert.deepEqual([bench.counts.of.get('frames_late'), missed], [1, expectedMissed]);
  }
});

test('at a very low bitrate every second frame is left out', async () => {
  const bench = new Bench();
  bench.line.setBitrate(110_000);
  for (const frame of [0, 1, 2, 3, 4, 5]) {
    await bench.push(frame);
    await bench.drawNext();
  }
  assert.equal(bench.encoded.length, 3);
  assert.equal(bench.counts.of.get('frames_dropped'), undefined);
});

test('while frames are held none is made, and none counts as dropped', async (t) => {
  let nowMs = 1000;
  t.mock.method(performance, 'now', () => nowMs);
  const bench = new Bench();
  await bench.push(0);
  bench.line.hold(80);
  bench.line.hold(20);
  for (const frame of [1, 2, 3]) {
    nowMs += 40;
    await bench.push(frame);
  }
  assert.deepEqual(bench.drawings.map(({ motion }) => motion.mediaUs / FRAME_US), [0, 2, 3]);
  assert.equal(bench.counts.of.get('frames_dropped'), undefined);
});

test('after an interrupt the mouth closes: windows that reach back to what was interrupted count as silence', async () => {
  const bench = new Bench();
  await bench.push(0);
  bench.line.interrupt(2 * FRAME_US);
  await bench.push(1, 2, 3, 4, 5);
  assert.deepEqual(bench.loudness, [0, 'reset', -4, -4, -4, -4, 0], '100 ms past the interrupt');
});

test('a frame lost with its thread is left out; any other failure ends the line once', async () => {
  const bench = new Bench();
  await bench.push(0, 1, 2);
  bench.drawings[0]?.fail(new InvalidStateError('The thread was replaced.'));
  await settled();
  assert.deepEqual(bench.failures, []);
  assert.equal(bench.counts.of.get('frames_dropped'), 1);
  bench.drawings[1]?.fail(new Error('broken'));
  bench.drawings[2]?.fail(new Error('broken again'));
  await settled();
  assert.equal(bench.failures.length, 1);
  await bench.push(3);
  assert.equal(bench.drawings.length, 3);
});

test('a drawing that somebody else closed ends the line within a minute, instead of showing a still for ever', async () => {
  const bench = new Bench();
  const loseNext = async (frame: number): Promise<void> => {
    await bench.push(frame);
    bench.drawings.shift()?.fail(new InvalidStateError('The drawing is closed.'));
    await settled();
  };
  for (let frame = 0; frame < 1000; frame++) {
    await loseNext(frame);
  }
  await bench.push(1000);
  await bench.drawNext();
  for (let frame = 1001; frame < 2500; frame++) {
    await loseNext(frame);
  }
  assert.deepEqual(bench.failures, [], 'one that was drawn in between counts');
  await loseNext(2500);
  assert.equal(bench.failures.length, 1);
});

test('a line closes its encoder, drawing and face, once', async () => {
  const bench = new Bench();
  assert.equal(bench.line.close(), bench.line.close());
  await bench.line.close();
  assert.deepEqual(bench.closed, ['encoder', 'drawing', 'face']);
});
