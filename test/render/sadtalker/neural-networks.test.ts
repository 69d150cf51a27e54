import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NeuralPortrait } from '../../../src/avatars/sadtalker/neural-portrait.ts';
import { WINDOW_FRAMES } from '../../../src/base/coefficient-layout.ts';
import { NEUTRAL_POSE, type MotionFrame, type ViewAngles } from '../../../src/base/motion-frame.ts';
import { noStats } from '../../../src/base/stats.ts';
import type { SessionOptions } from '../../../src/inference/onnx-session.ts';
import type { NamedTensors } from '../../../src/inference/tensor.ts';
import { graphPath, type PackManifest } from '../../../src/models/pack-manifest.ts';
import { lumaOf } from '../../../src/render/picture-layers.ts';
import type { NeuralGraphs } from '../../../src/render/sadtalker/neural-messages.ts';
import { NeuralRenderer } from '../../../src/render/sadtalker/neural-renderer.ts';
import { Goldens } from '../../models/goldens.ts';
import { MINI_SIZE, MINI_WIDTHS } from '../../models/mini-widths.ts';
import { importRecipe } from '../../models/parity-run.ts';

const COLUMNS = 70;
const WINDOW = COLUMNS * WINDOW_FRAMES;
const PIXELS = MINI_SIZE * MINI_SIZE;
const box = { left: 0, top: 0, right: MINI_SIZE, bottom: MINI_SIZE };

describe('the networks of a small pack', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'orator-neural-'));
  const goldens = new Goldens(new URL('../../models/fixtures/cases.safetensors', import.meta.url));
  const batches: number[] = [];
  let renderer: NeuralRenderer;
  let pack: { folder: string; manifest: PackManifest };

  const graphs = (coefficients: number): NeuralGraphs => {
    const path = (graph: keyof NeuralGraphs, form: { size?: 256; coefficients?: number }): string => graphPath(pack.folder, pack.manifest, { graph, precision: 'fp32', ...form });
    return { portrait: path('portrait', { size: 256 }), mapping: path('mapping', { coefficients }), render: path('render', { size: 256 }) };
  };

  /** The golden portrait, its pixels moved to the right: 0 is itself. */
  const portrait = (shift: number): NeuralPortrait => {
    const image = goldens.floats('mini.image').data;
    const data = Uint8Array.from({ length: PIXELS * 3 }, (_, at) => {
      const [pixel, channel] = [Math.floor(at / 3), at % 3];
      const row = Math.floor(pixel / MINI_SIZE) * MINI_SIZE;
      return Math.round(255 * image[channel * PIXELS + row + ((pixel - row + shift) % MINI_SIZE)]!);
    });
    const face = { width: MINI_SIZE, height: MINI_SIZE, data };
    const coefficients = new Float32Array(73);
    coefficients.set(goldens.floats('mini.coeffs').data.subarray(0, COLUMNS));
    return { id: `shifted by ${shift}`, mode: 'crop', photo: face, face, box, coefficients };
  };
  const frame = (golden: number, view?: ViewAngles): MotionFrame => ({
    mediaUs: golden, pose: NEUTRAL_POSE, expression: goldens.floats('mini.semantics_target').data.subarray(golden * WINDOW, (golden + 1) * WINDOW), ...(view === undefined ? {} : { view }),
  });

  before(async () => {
    pack = await importRecipe({ salt: 'public', widths: MINI_WIDTHS, size: MINI_SIZE, folder });
    const stats = { ...noStats, batchFrames: (frames: number) => { batches.push(frames); } };
    renderer = await NeuralRenderer.open({ graphs: { cpu: graphs(COLUMNS), cuda: graphs(COLUMNS) }, device: 'auto', threads: 1, batch: 4, batchBelowMs: Infinity, frameMs: 100_000, stats });
  });
  after(async () => {
    await renderer.close();
    goldens[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });

  it('are measured at start in every batch size', () => {
    assert.ok(renderer.batchMs.length === 4 && renderer.batchMs.every((ms) => ms > 0));
    assert.ok(renderer.framesPerSecond >= 1000 / renderer.batchMs[0]! - 1e-9);
    assert.deepEqual([renderer.provider, renderer.sizePx], ['cpu', MINI_SIZE]);
    assert.match(renderer.providerReason, /^cuda does not run here: /);
  });

  it('draw the golden frames', async () => {
    const drawing = await renderer.open(portrait(0));
    const pictures = await Promise.all([0, 1, 2].map((golden) => drawing.draw(frame(golden))));
    const golden = goldens.floats('mini.frames').data;
    for (const [at, { data }] of pictures.entries()) {
      const start = at * 3 * PIXELS;
      for (let pixel = 0; pixel < PIXELS; pixel += 1) {
        const [r, g, b] = [0, 1, 2].map((channel) => 255 * golden[start + channel * PIXELS + pixel]!) as [number, number, number];
        // The portrait is rounded to bytes here, so are the frames and their luma.
        assert.ok(Math.abs(data[pixel]! - lumaOf(r, g, b)) < 2, `${data[pixel]} at pixel ${pixel} of frame ${at}; ${lumaOf(r, g, b)} expected`);
      }
    }
    await drawing.close();
  });

  it('draw the same in a batch with other portraits as alone', async () => {
    const drawings = await Promise.all([0, 31, 64, 90, 5].map((shift) => renderer.open(portrait(shift))));
    const alone: Uint8Array[] = [];
    for (const [at, drawing] of drawings.slice(0, 4).entries()) {
      const picture = await drawing.draw(frame(at % 3));
      alone.push(picture.data.slice());
      picture.release();
    }
    batches.length = 0;
    for (const order of [[0, 1, 2, 3], [3, 1, 0], [0, 2, 3, 1]]) {
      // While another frame is under way, these wait for the thread together.
      const other = drawings[4]!.draw(frame(0));
      await sleep(15);
      const pictures = await Promise.all(order.map((at) => drawings[at]!.draw(frame(at % 3))));
      (await other).release();
      for (const [place, at] of order.entries()) {
        const picture = pictures[place]!;
        const largest = picture.data.reduce((most, value, byte) => Math.max(most, Math.abs(value - alone[at]![byte]!)), 0);
        assert.ok(largest <= 1, `portrait ${at} differs by ${largest} levels in the batch ${order.join(', ')}`);
        picture.release();
      }
    }
    assert.deepEqual(batches, [1, 4, 1, 3, 1, 4]);
    await Promise.all(drawings.map((drawing) => drawing.close()));
  });

  it('turn the head to the angles of a view, and leave those alone that it does not name', async () => {
    const drawing = await renderer.open(portrait(0));
    const drawn = async (view?: ViewAngles): Promise<Uint8Array> => {
      const picture = await drawing.draw(frame(1, view));
      const copy = picture.data.slice();
      picture.release();
      return copy;
    };
    const [own, nothingNamed, turned, turnedAgain] = [await drawn(), await drawn({}), await drawn({ yawDeg: 40 }), await drawn({ yawDeg: 40 })];
    assert.deepEqual(nothingNamed, own);
    assert.notDeepEqual(turned, own);
    assert.deepEqual(turnedAgain, turned);
    await drawing.close();
  });

  it('on CUDA have a session of the render graph for each batch size, whichever sizes follow one another, and one for all on the processor', async (context) => {
    // Importing it takes the half floats from this thread: only here.
    const { OnnxSession } = await import('../../../src/inference/onnx-session.ts');
    const { NeuralNetworks } = await import('../../../src/render/sadtalker/neural-networks.ts');
    const load = OnnxSession.load.bind(OnnxSession);
    const sizes: number[][] = [];
    let held = 0;
    // There is no CUDA here: the processor stands for it.
    context.mock.method(OnnxSession, 'load', async (path: string, options: SessionOptions) => {
      const session = await load(path, { ...options, device: 'cpu' });
      const seen: number[] = [];
      held += 1;
      context.mock.method(session, 'release', () => {
        held -= 1;
        return Promise.resolve();
      });
      if (path === graphs(COLUMNS).render) {
        sizes.push(seen);
        const run = session.run.bind(session);
        context.mock.method(session, 'run', (feeds: NamedTensors, outputs: readonly string[]) => {
          seen.push(feeds['driving']!.dims[0]!);
          return run(feeds, outputs);
        });
      }
      return session;
    });
    const drawn: Uint8Array[][] = [];
    for (const device of ['cuda', 'cpu'] as const) {
      const networks = await NeuralNetworks.load(graphs(COLUMNS), { device, intraOpThreads: 1, batch: 3 });
      const { face, coefficients } = portrait(0);
      const features = await networks.prepare(face, coefficients);
      const motion = Float32Array.of(...frame(1).expression, NaN, NaN, NaN);
      const pictures: Uint8Array[] = [];
      for (const size of [1, 3, 2, 3, 1]) {
        pictures.push((await networks.draw(Array.from({ length: size }, () => ({ portrait: features, motion })))).slice());
      }
      drawn.push(pictures);
      await networks.release();
      assert.equal(held, 0, `${device}: all sessions are released, once`);
    }
    assert.deepEqual(sizes, [[1, 1], [3, 3], [2], [1, 3, 2, 3, 1]]);
    assert.deepEqual(drawn[0], drawn[1]);
  });

  it('on CUDA let go of the session of a batch size that does not run, and try it anew', async (context) => {
    const { OnnxSession } = await import('../../../src/inference/onnx-session.ts');
    const { NeuralNetworks } = await import('../../../src/render/sadtalker/neural-networks.ts');
    const load = OnnxSession.load.bind(OnnxSession);
    let held = 0;
    let short = true;
    context.mock.method(OnnxSession, 'load', async (path: string, options: SessionOptions) => {
      const session = await load(path, { ...options, device: 'cpu' });
      const run = session.run.bind(session);
      held += 1;
      context.mock.method(session, 'release', () => {
        held -= 1;
        return Promise.resolve();
      });
      context.mock.method(session, 'run', (feeds: NamedTensors, outputs: readonly string[]) => {
        if (short && feeds['driving']?.dims[0] === 2) {
          throw new Error('Out of memory.');
        }
        return run(feeds, outputs);
      });
      return session;
    });
    const networks = await NeuralNetworks.load(graphs(COLUMNS), { device: 'cuda', intraOpThreads: 1, batch: 2 });
    const { face, coefficients } = portrait(0);
    const features = await networks.prepare(face, coefficients);
    const motion = Float32Array.of(...frame(1).expression, NaN, NaN, NaN);
    const two = Array.from({ length: 2 }, () => ({ portrait: features, motion }));
    await assert.rejects(networks.draw(two), /Out of memory/);
    assert.equal(held, 3);
    short = false;
    assert.ok((await networks.draw(two)).length > 0);
    assert.equal(held, 4);
    await networks.release();
    assert.equal(held, 0);
  });

  it('take windows with the alignment’s columns where the mapping net does', async () => {
    await using wide = await NeuralRenderer.open({ graphs: { cpu: graphs(73), cuda: graphs(73) }, device: 'cpu', threads: 1, batch: 1, frameMs: 100_000 });
    const drawing = await wide.open(portrait(0));
    await assert.rejects(drawing.draw(frame(0)), /windows of 1971 coefficients, not 1890/);
    (await drawing.draw({ ...frame(0), expression: new Float32Array(73 * WINDOW_FRAMES) })).release();
  });
});
