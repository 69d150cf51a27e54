import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { InvalidStateError } from '../../src/base/errors.ts';
import type { MotionFrame } from '../../src/base/motion-frame.ts';
import type { CountedEvent, Stats } from '../../src/base/stats.ts';
import { WarpRenderer } from '../../src/render/warp-renderer.ts';
import { builtInPortrait, motionOf } from './portraits.ts';

const hopper = await builtInPortrait('hopper');
const frame = (mediaUs: number): MotionFrame => ({ mediaUs, ...motionOf({ jaw: (mediaUs / 40_000) % 10 }) });

/** Keeps what stages report. */
class KeptStats implements Stats {
  readonly times: number[] = [];
  readonly events: CountedEvent[] = [];

  stageMs(stage: string, ms: number): void {
    assert.equal(stage, 'render');
    this.times.push(ms);
  }

  batchFrames(): void {
    assert.fail('a warp renderer draws one frame at a time');
  }

  count(event: CountedEvent): void {
    this.events.push(event);
  }
}

await test('frames come back in the order they were asked for, with their media time', async () => {
  const stats = new KeptStats();
  await using renderer = new WarpRenderer({ threads: 1, stats });
  const drawing = await renderer.open(hopper);
  assert.deepEqual([drawing.width, drawing.height], [hopper.width, hopper.height]);
  const order: number[] = [];
  const pictures = await Promise.all([0, 40_000, 80_000, 120_000].map(async (mediaUs) => {
    const picture = await drawing.draw(frame(mediaUs));
    order.push(picture.mediaUs);
    return picture;
  }));
  assert.deepEqual(order, [0, 40_000, 80_000, 120_000]);
  assert.equal(new Set(pictures.map((picture) => picture.data.byteOffset)).size, 4, 'each has a buffer of its own');
  for (const picture of pictures) {
    assert.equal(picture.data.length, hopper.width * hopper.height * 1.5);
    assert.ok(picture.data.buffer instanceof SharedArrayBuffer);
    picture.release();
  }
  assert.equal(stats.times.length, 4);
});

await test('a thread draws the frames of several viewers in the order of asking, which is that of their deadlines', async () => {
  await using renderer = new WarpRenderer({ threads: 1 });
  const drawings = [await renderer.open(hopper), await renderer.open(hopper), await renderer.open(hopper)];
  const drawn: string[] = [];
  const asked = [0, 40_000, 80_000].flatMap((mediaUs) => drawings.map((drawing, viewer) => ({ mediaUs, drawing, viewer })));
  await Promise.all(asked.map(async ({ mediaUs, drawing, viewer }) => {
    const picture = await drawing.draw(frame(mediaUs));
    drawn.push(`${picture.mediaUs} ${viewer}`);
    picture.release();
  }));
  assert.deepEqual(drawn, asked.map(({ mediaUs, viewer }) => `${mediaUs} ${viewer}`));
});

await test('drawing rejects when no picture is free, and goes on after a release', async () => {
  await using renderer = new WarpRenderer({ threads: 1, picturesPerDrawing: 2 });
  const drawing = await renderer.open(hopper);
  const first = await drawing.draw(frame(0));
  const second = drawing.draw(frame(40_000));
  await assert.rejects(drawing.draw(frame(80_000)), InvalidStateError);
  first.release();
  first.release();
  const third = await drawing.draw(frame(80_000));
  assert.equal(third.mediaUs, 80_000);
  (await second).release();
});

await test('viewers of the same and of different portraits draw side by side', async () => {
  const astronaut = await builtInPortrait('astronaut');
  await using renderer = new WarpRenderer({ threads: 2 });
  const drawings = await Promise.all([hopper, astronaut, hopper].map((avatar) => renderer.open(avatar)));
  const [a, b, c] = await Promise.all(drawings.map((drawing) => drawing.draw(frame(200_000))));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  assert.deepEqual(Buffer.compare(a.data, c.data), 0, 'two viewers of one portrait see the same');
  assert.notEqual(Buffer.compare(a.data, b.data), 0);
});

await test('closing rejects the frames under way and keeps pictures that are out', async () => {
  await using renderer = new WarpRenderer({ threads: 1 });
  const drawing = await renderer.open(hopper);
  const kept = await drawing.draw(frame(0));
  const copy = kept.data.slice();
  const underWay = drawing.draw(frame(40_000));
  const closing = drawing.close();
  assert.equal(drawing.close(), closing, 'closing again gives the same promise');
  await assert.rejects(underWay, InvalidStateError);
  await closing;
  await assert.rejects(drawing.draw(frame(80_000)), InvalidStateError);
  const other = await renderer.open(hopper);
  (await other.draw(frame(120_000))).release();
  assert.deepEqual(kept.data.slice(), copy, 'another drawing does not write into it');
  kept.release();
});

await test('closing the renderer closes its drawings and refuses new ones', async () => {
  const renderer = new WarpRenderer({ threads: 1 });
  const drawing = await renderer.open(hopper);
  const underWay = drawing.draw(frame(0));
  const closing = renderer.close();
  assert.equal(renderer.close(), closing);
  await assert.rejects(underWay, InvalidStateError);
  await closing;
  await assert.rejects(renderer.open(hopper), InvalidStateError);
});

await test('closing while a drawing opens settles the opening', async () => {
  const renderer = new WarpRenderer({ threads: 1 });
  const rejected = assert.rejects(renderer.open(hopper), InvalidStateError);
  await renderer.close();
  await rejected;
});

await test('a thread that dies is replaced, its frames are rejected and its drawings go on', async (context) => {
  const workers = new Set<Worker>();
  const post = Reflect.get(Worker.prototype, 'postMessage') as (this: Worker, message: unknown) => void;
  context.mock.method(Worker.prototype, 'postMessage', function (this: Worker, message: unknown) {
    workers.add(this);
    post.call(this, message);
  });
  const stats = new KeptStats();
  await using renderer = new WarpRenderer({ threads: 1, stats });
  const drawing = await renderer.open(hopper);
  const kept = await drawing.draw(frame(0));
  // It may be drawn just before the thread dies; it must settle either way.
  const underWay = drawing.draw(frame(40_000)).then((picture) => { picture.release(); }, () => undefined);
  await Promise.all([...workers].map((worker) => worker.terminate()));
  await underWay;
  kept.release();
  let picture;
  for (let attempt = 0; picture === undefined && attempt < 500; attempt += 1) {
    picture = await drawing.draw(frame(80_000)).catch(() => new Promise<undefined>((resolve) => { setTimeout(resolve, 10); }));
  }
  assert.equal(picture?.mediaUs, 80_000);
  assert.deepEqual(stats.events, ['worker_restarts']);
});

await test('threads that cannot even start are not started for ever, and are tried again with the next drawing', async () => {
  const stats = new KeptStats();
  await using renderer = new WarpRenderer({ threads: 1, stats, thread: { entry: new URL('broken-thread.ts', import.meta.url) } });
  for (let opened = 1; opened <= 2; opened += 1) {
    await assert.rejects(renderer.open(hopper), /died 3 times in a row: it cannot start/);
    const restarts = stats.events.length;
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    assert.equal(stats.events.length, restarts, 'nothing is started any more');
    assert.ok(restarts <= 2 * opened, String(restarts));
  }
});

await test('wrong arguments are refused with a message that names them', async () => {
  assert.throws(() => new WarpRenderer({ threads: 0 }), /threads/);
  assert.throws(() => new WarpRenderer({ picturesPerDrawing: 1.5 }), /picturesPerDrawing/);
  await using renderer = new WarpRenderer({ threads: 1 });
  await assert.rejects(renderer.open({ ...hopper, width: 511 }), /even/);
  await assert.rejects(renderer.open({ ...hopper, matte: new Uint8Array(9) }), /matte/);
  const drawing = await renderer.open(hopper);
  await assert.rejects(drawing.draw({ ...frame(0), expression: new Float32Array(2) }), TypeError);
});
