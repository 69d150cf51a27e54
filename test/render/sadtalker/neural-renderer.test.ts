import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import type { NeuralPortrait } from '../../../src/avatars/sadtalker/neural-portrait.ts';
import type { RgbImage } from '../../../src/avatars/rgb-image.ts';
import { WINDOW_FRAMES } from '../../../src/base/coefficient-layout.ts';
import { InvalidStateError } from '../../../src/base/errors.ts';
import { silentLogger, type Logger } from '../../../src/base/logger.ts';
import { NEUTRAL_POSE, type MotionFrame } from '../../../src/base/motion-frame.ts';
import type { Picture } from '../../../src/base/picture.ts';
import type { CountedEvent, Stats } from '../../../src/base/stats.ts';
import type { NeuralRendererOptions } from '../../../src/render/sadtalker/neural-renderer-options.ts';
import { NeuralRenderer } from '../../../src/render/sadtalker/neural-renderer.ts';

/** The stub takes any file for a graph. */
const anyFile = fileURLToPath(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'orator-stub-'));
after(() => { rmSync(folder, { recursive: true }); });
const anyGraphs = { portrait: anyFile, mapping: anyFile, render: anyFile };

const grey = (width: number, height: number): RgbImage => ({ width, height, data: new Uint8Array(width * height * 3).fill(90) });
const portrait: NeuralPortrait = {
  id: 'someone', mode: 'full', photo: grey(32, 24), face: grey(16, 16), box: { left: 4, top: 2, right: 20, bottom: 18 }, coefficients: new Float32Array(73),
};

/** Keeps what the renderer reports. */
class KeptStats implements Stats {
  readonly batches: number[] = [];
  readonly events: CountedEvent[] = [];
  rendered = 0;

  stageMs(): void {
    this.rendered += 1;
  }

  batchFrames(frames: number): void {
    this.batches.push(frames);
  }

  count(event: CountedEvent): void {
    this.events.push(event);
  }
}

function openStub(options: Partial<NeuralRendererOptions> & { batchMs?: string } = {}): Promise<NeuralRenderer> {
  const { batchMs = '2,3,4,5', ...others } = options;
  const entry = new URL('stub-thread.ts', import.meta.url);
  const render = join(folder, batchMs);
  writeFileSync(render, '');
  return NeuralRenderer.open({ graphs: { cpu: { ...anyGraphs, render }, cuda: anyGraphs }, frameMs: 10_000, ...others, thread: { entry, ...others.thread } });
}

/** A motion whose first coefficient the stub writes into the picture. */
function frame(mediaUs: number, value = 1): MotionFrame {
  const expression = new Float32Array(WINDOW_FRAMES);
  expression[0] = value;
  return { mediaUs, expression, pose: NEUTRAL_POSE };
}

const isInvalidState = (error: unknown): boolean => error instanceof InvalidStateError;

test('the renderer leaves the half floats of the thread that imports it alone: only its worker loads ONNX Runtime', () => {
  assert.equal('Float16Array' in globalThis, runInNewContext('"Float16Array" in globalThis'));
});

test('frames come back in the order they were asked for, each with its time and a picture of its own', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats });
  const drawing = await renderer.open(portrait);
  assert.deepEqual([drawing.width, drawing.height], [32, 24]);
  const order: number[] = [];
  const pictures = await Promise.all([1, 2, 3, 4, 5].map(async (value) => {
    const picture = await drawing.draw(frame(value * 40_000, value));
    order.push(picture.mediaUs / 40_000);
    return picture;
  }));
  assert.deepEqual(order, [1, 2, 3, 4, 5]);
  assert.deepEqual(pictures.map(({ data }) => [data.length, data[0], data.at(-1)]), order.map((value) => [32 * 24 * 1.5, value, value]));
  assert.ok(pictures.every(({ data }) => data.buffer instanceof SharedArrayBuffer));
  assert.equal(stats.rendered, 5);
  assert.equal(stats.batches.reduce((sum, frames) => sum + frames, 0), 5);
  pictures.forEach((picture) => { picture.release(); });
});

test('frames of several viewers go into one batch, up to its size', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats, batch: 3, batchMs: '300,3,3' });
  const drawings = await Promise.all([1, 2, 3, 4, 5].map(() => renderer.open(portrait)));
  const first = drawings[4]!.draw(frame(0));
  // Long enough for it to be under way, so that the others wait for the thread together.
  await sleep(50);
  const values = await Promise.all(drawings.slice(0, 4).map(async (drawing, index) => (await drawing.draw(frame(0, index + 1))).data[0]));
  assert.deepEqual(values, [1, 2, 3, 4]);
  (await first).release();
  assert.deepEqual(stats.batches, [1, 3, 1]);
});

test('under overload what cannot be in time is dropped, frames do not pile up, and drawing goes on', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats, batchMs: '60', batch: 1, frameMs: 150 });
  const drawing = await renderer.open(portrait);
  const asked = [1, 2, 3, 4, 5, 6].map((value) => drawing.draw(frame(value, value)));
  const settled = await Promise.allSettled(asked);
  const drawn = settled.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
  const lost = settled.filter((each) => each.status === 'rejected').map(({ reason }: { reason: unknown }) => reason);
  assert.ok(drawn.length >= 1 && drawn.length <= 3, `${drawn.length} drawn`);
  assert.deepEqual(drawn.map(({ mediaUs }) => mediaUs), drawn.map((_, index) => index + 1), 'the oldest ones, which were in time');
  assert.ok(lost.every((error) => isInvalidState(error) && (error as Error).message.includes('in time')));
  drawn.forEach((picture) => { picture.release(); });
  assert.equal((await drawing.draw(frame(7, 7))).data[0], 7);
});

test('a film gets every frame however long it takes, in full batches', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats, batchMs: '20,22', batch: 2, frameMs: Infinity, picturesPerDrawing: 20 });
  const drawing = await renderer.open(portrait);
  const pictures = await Promise.all(Array.from({ length: 20 }, (_, index) => drawing.draw(frame(index, index))));
  assert.deepEqual(pictures.map(({ data }) => data[0]), pictures.map((_, index) => index));
  assert.ok(stats.batches.length <= 11, `batches of ${stats.batches.join(', ')}`);
});

test('a frame that the networks take longer for than it may take is drawn all the same', async () => {
  await using renderer = await openStub({ batchMs: '60', batch: 1, frameMs: 10 });
  const drawing = await renderer.open(portrait);
  assert.equal((await drawing.draw(frame(0, 9))).data[0], 9);
});

test('drawing rejects when no picture is free, and goes on after a release', async () => {
  await using renderer = await openStub({ picturesPerDrawing: 2 });
  const drawing = await renderer.open(portrait);
  const first = await drawing.draw(frame(0));
  const second = drawing.draw(frame(1));
  await assert.rejects(drawing.draw(frame(2)), isInvalidState);
  first.release();
  first.release();
  const third = await drawing.draw(frame(3));
  assert.equal(third.mediaUs, 3);
  await assert.rejects(drawing.draw(frame(4)), isInvalidState, 'a second release gives nothing back');
  (await second).release();
});

test('closing a drawing rejects its frames and leaves pictures that are out, and other drawings, alone', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats, batchMs: '30', batch: 1 });
  const [drawing, other] = await Promise.all([renderer.open(portrait), renderer.open(portrait)]);
  const kept = await drawing.draw(frame(0, 5));
  const underWay = drawing.draw(frame(1, 6));
  const waiting = drawing.draw(frame(2, 7));
  const others = other.draw(frame(3, 8));
  const lost = Promise.all([assert.rejects(underWay, isInvalidState), assert.rejects(waiting, isInvalidState)]);
  assert.equal(drawing.close(), drawing.close());
  await lost;
  assert.equal((await others).data[0], 8);
  assert.equal(stats.batches.length, 3, 'what waited was not drawn');
  assert.equal(kept.data[0], 5);
  kept.release();
  await assert.rejects(drawing.draw(frame(4)), isInvalidState);
});

test('closing the renderer closes its drawings and refuses new ones', async () => {
  const renderer = await openStub();
  const drawing = await renderer.open(portrait);
  const lost = assert.rejects(drawing.draw(frame(0)), isInvalidState);
  const opening = assert.rejects(renderer.open(portrait), isInvalidState);
  assert.equal(renderer.close(), renderer.close());
  await Promise.all([lost, opening]);
  await renderer.close();
  await assert.rejects(renderer.open(portrait), isInvalidState);
});

test('a thread that dies is replaced: a frame that is lost with it is drawn again while there is time', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats, batch: 1 });
  const [drawing, fatal] = await Promise.all([renderer.open(portrait), renderer.open(portrait)]);
  const kept = await drawing.draw(frame(0, 3));
  const lost = fatal.draw(frame(1, -1));
  const next = drawing.draw(frame(2, 4));
  const closing = assert.rejects(lost, isInvalidState);
  for (let tries = 0; stats.events.length === 0 && tries < 500; tries += 1) {
    await sleep(5);
  }
  await fatal.close();
  await closing;
  assert.equal((await next).data[0], 4);
  assert.equal(kept.data[0], 3, 'a picture that is out stays');
  kept.release();
  assert.equal((await (await renderer.open(portrait)).draw(frame(3, 5))).data[0], 5);
  assert.deepEqual(stats.events, ['worker_restarts']);
});

test('a new thread that runs only smaller batches gets no larger ones', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats, batchMs: '20,21,22' });
  writeFileSync(join(folder, '20,21,22'), '2');
  const drawings = await Promise.all([1, 2, 3, 4].map(() => renderer.open(portrait)));
  const fatal = await renderer.open(portrait);
  const lost = assert.rejects(fatal.draw(frame(0, -1)), isInvalidState);
  for (let tries = 0; stats.events.length === 0 && tries < 500; tries += 1) {
    await sleep(5);
  }
  await fatal.close();
  await lost;
  const values = await Promise.all(drawings.map(async (drawing, index) => (await drawing.draw(frame(1, index + 1))).data[0]));
  assert.deepEqual(values, [1, 2, 3, 4]);
  assert.ok(Math.max(...stats.batches) <= 2, `batches of ${stats.batches.join(', ')}`);
});

test('a thread that hangs is left to itself and replaced', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats, batch: 1, thread: { patienceMs: 400 } });
  const [drawing, hanging] = await Promise.all([renderer.open(portrait), renderer.open(portrait)]);
  const lost = assert.rejects(hanging.draw(frame(0, -2)), isInvalidState);
  const next = drawing.draw(frame(1, 4));
  // The watch itself keeps no process alive.
  const keepAlive = setTimeout(() => undefined, 60_000);
  for (let tries = 0; stats.events.length === 0 && tries < 2000; tries += 1) {
    await sleep(5);
  }
  await hanging.close();
  await lost;
  assert.equal((await next).data[0], 4);
  clearTimeout(keepAlive);
  assert.deepEqual(stats.events, ['worker_restarts']);
});

test('a thread that dies again and again takes the drawings with it', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats, batch: 1 });
  const drawing = await renderer.open(portrait);
  await assert.rejects(drawing.draw(frame(0, -1)), /died 3 times in a row/);
  await assert.rejects(drawing.draw(frame(1)), /died 3 times/);
  await assert.rejects(renderer.open(portrait), (error) => error === renderer.failure);
  assert.deepEqual(stats.events, ['worker_restarts', 'worker_restarts']);
});

test('a portrait that the networks cannot prepare is refused, and the others are drawn', async () => {
  await using renderer = await openStub();
  const drawing = await renderer.open(portrait);
  await assert.rejects(renderer.open({ ...portrait, id: 'broken' }), /could not be prepared: no face/);
  assert.equal((await drawing.draw(frame(1, 2))).data[0], 2);
});

test('a portrait that a new thread cannot prepare fails alone: its lost frame goes into no batch', async () => {
  const stats = new KeptStats();
  await using renderer = await openStub({ stats, batch: 2 });
  const [drawing, once] = await Promise.all([renderer.open(portrait), renderer.open({ ...portrait, id: 'once' })]);
  const lost = assert.rejects(once.draw(frame(0, -1)), /could not be prepared: no face/);
  const next = drawing.draw(frame(1, 4));
  await lost;
  assert.equal((await next).data[0], 4);
  await assert.rejects(once.draw(frame(2)), /could not be prepared/);
  assert.deepEqual([stats.events, stats.batches], [['worker_restarts'], [1]]);
});

test('a batch that fails costs its viewers a frame each, is logged, and drawing goes on', async () => {
  const logged: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => { logged.push(fields); } };
  await using renderer = await openStub({ batch: 2, logger });
  const drawings = await Promise.all([renderer.open(portrait), renderer.open(portrait)]);
  const isLost = (error: unknown): boolean => isInvalidState(error) && String(error).includes('no memory');
  for (const [mediaUs, failedBatches] of [1, 2, 1, 2].entries()) {
    await Promise.all([assert.rejects(drawings[0].draw(frame(mediaUs, -3)), isLost), assert.rejects(drawings[1].draw(frame(mediaUs, 5)), isLost)]);
    assert.deepEqual(logged.at(-1), { error: 'no memory', frames: 2, failedBatches });
    if (failedBatches === 2) {
      const pictures = await Promise.all(drawings.map((drawing, index) => drawing.draw(frame(mediaUs, index + 1))));
      assert.deepEqual(pictures.map(({ data }) => data[0]), [1, 2]);
      pictures.forEach((picture) => { picture.release(); });
    }
  }
  assert.equal(logged.length, 4);
});

test('networks that fail again and again take the drawings with them', async () => {
  await using renderer = await openStub({ batch: 1 });
  const [drawing, other] = await Promise.all([renderer.open(portrait), renderer.open(portrait)]);
  const lost = [1, 2, 3].map((mediaUs) => assert.rejects(drawing.draw(frame(mediaUs, -3)), isInvalidState));
  const waiting = assert.rejects(other.draw(frame(4)), (error) => !isInvalidState(error) && String(error).includes('failed 3 times in a row: no memory'));
  assert.equal(renderer.failure, undefined);
  await Promise.all([...lost, waiting]);
  assert.match(String(renderer.failure), /failed 3 times in a row: no memory/);
  await assert.rejects(drawing.draw(frame(5)), /failed 3 times/);
  await assert.rejects(renderer.open(portrait), /failed 3 times/);
});

test('a signal stops a load that is under way, or keeps it from starting: opening rejects with its reason', async () => {
  const stop = new AbortController();
  const reason = new Error('the server stops');
  const opening = assert.rejects(openStub({ batchMs: '0', signal: stop.signal }), (error) => error === reason);
  // Long enough for the load to be under way; one that isn't stopped would take for ever.
  await sleep(100);
  stop.abort(reason);
  await opening;
  await assert.rejects(openStub({ signal: stop.signal }), (error) => error === reason);
});

test('a signal that comes once the renderer is open changes nothing', async () => {
  const stop = new AbortController();
  await using renderer = await openStub({ signal: stop.signal });
  stop.abort();
  assert.equal((await (await renderer.open(portrait)).draw(frame(0, 3))).data[0], 3);
});

test('a renderer that shows the face alone has pictures of the shape of the box', async () => {
  await using renderer = await openStub({ shows: 'face' });
  const drawing = await renderer.open({ ...portrait, box: { left: 0, top: 0, right: 20, bottom: 24 } });
  assert.deepEqual([drawing.width, drawing.height], [16, 20]);
});

test('it says what it runs on and how fast it is', async () => {
  await using renderer = await openStub({ batchMs: '10,12,15,16' });
  assert.deepEqual([renderer.provider, renderer.providerReason, renderer.sizePx], ['cpu', 'a stub', 16]);
  assert.deepEqual(renderer.batchMs, [10, 12, 15, 16]);
  assert.equal(renderer.framesPerSecond, 250);
});

test('wrong arguments are refused with a message that names them', async () => {
  await assert.rejects(openStub({ threads: 0 }), /threads/);
  await assert.rejects(openStub({ batch: 17 }), /batch/);
  await assert.rejects(openStub({ frameMs: NaN }), /frameMs/);
  await assert.rejects(openStub({ device: 'cpu', graphs: { cpu: { ...anyGraphs, render: '/nowhere/render.onnx' }, cuda: anyGraphs } }), { code: 'model_missing', message: /nowhere/ });
  await using renderer = await openStub();
  const wrong: [Partial<NeuralPortrait>, RegExp][] = [
    [{ photo: grey(33, 24) }, /even/], [{ photo: { ...grey(32, 24), data: new Uint8Array(7) } }, /photo has 7 bytes/], [{ face: grey(8, 8) }, /16 × 16/],
    [{ box: { left: 4, top: 2, right: 40, bottom: 18 } }, /box/], [{ box: { left: 4.5, top: 2, right: 20, bottom: 18 } }, /box/], [{ coefficients: new Float32Array(0) }, /rows of 1/],
  ];
  for (const [part, message] of wrong) {
    await assert.rejects(renderer.open({ ...portrait, ...part }), (error) => error instanceof TypeError && message.test(error.message), String(message));
  }
  const drawing = await renderer.open(portrait);
  await assert.rejects(drawing.draw({ ...frame(0), expression: new Float32Array(2) }), TypeError);
});

test('graphs that are no graphs are reported as missing models', async () => {
  const open = (device: 'auto' | 'cuda'): Promise<Picture | NeuralRenderer> => NeuralRenderer.open({ graphs: { cpu: anyGraphs, cuda: anyGraphs }, device, batch: 1 });
  await assert.rejects(open('auto'), { code: 'model_missing' });
  await assert.rejects(open('cuda'), { code: 'invalid_config', message: /cuda/ });
});
