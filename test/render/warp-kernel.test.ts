import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invertPass } from './invert-reference.ts';
import { PAD_PX } from '../../src/render/picture-layers.ts';
import { LayerSampler, sourceOf } from '../../src/render/pixel-patch.ts';
import { WarpKernel } from '../../src/render/warp-kernel.ts';
import { isBuilt, WARP_KERNEL } from './kernel-files.ts';

const WIDTH = 44;
const HEIGHT = 30;
const CELL = 4;
const COLUMNS = WIDTH / CELL + 1;
const ROWS = Math.ceil(HEIGHT / CELL) + 1;

/** Smooth pseudo-random bytes. */
function pattern(bytes: Uint8Array, channels: number, rowPixels: number): void {
  for (let at = 0; at < bytes.length; at += 1) {
    const pixel = Math.floor(at / channels);
    bytes[at] = 128 + 100 * Math.sin(0.31 * (pixel % rowPixels) + 0.23 * Math.floor(pixel / rowPixels) + (at % channels));
  }
}

async function scene(): Promise<{ kernel: WarpKernel; at: Record<'foreground' | 'background' | 'offsets' | 'displacement' | 'picture', number>; offsets: Float32Array; sampler: LayerSampler }> {
  const kernel = await WarpKernel.load();
  const { arena } = kernel;
  const at = {
    foreground: arena.take((WIDTH + 2 * PAD_PX) * (HEIGHT + 2 * PAD_PX) * 4).offset,
    background: arena.take(WIDTH * HEIGHT * 4).offset,
    offsets: arena.take(COLUMNS * ROWS * 8).offset,
    displacement: arena.take(COLUMNS * ROWS * 8).offset,
    picture: arena.take(WIDTH * HEIGHT * 1.5).offset,
  };
  const { buffer } = arena.memory;
  const foreground = new Uint8Array(buffer, at.foreground, (WIDTH + 2 * PAD_PX) * (HEIGHT + 2 * PAD_PX) * 4);
  pattern(foreground, 4, WIDTH + 2 * PAD_PX);
  for (let pixel = 0; pixel < foreground.length; pixel += 4) {
    // Premultiplied colours are at most the matte.
    const matte = foreground[pixel + 3]!;
    for (let channel = 0; channel < 3; channel += 1) {
      foreground[pixel + channel] = Math.floor((foreground[pixel + channel]! * matte) / 255);
    }
  }
  const background = new Uint8Array(buffer, at.background, WIDTH * HEIGHT * 4);
  pattern(background, 4, WIDTH);
  const offsets = new Float32Array(buffer, at.offsets, COLUMNS * ROWS * 2);
  offsets.forEach((_, index) => { offsets[index] = 5 * Math.sin(index * 0.7); });
  return { kernel, at, offsets, sampler: new LayerSampler({ width: WIDTH, height: HEIGHT }, foreground, background) };
}

await test('the compiled kernel is that of the source beside it', async () => {
  assert.ok(await isBuilt(WARP_KERNEL), 'warp-kernel.as was changed after warp-kernel.wasm was built: run test/render/build-kernel.ts');
});

await test('the kernel composites as plain JavaScript does, within two steps of 8-bit rounding', async () => {
  const { kernel, at, offsets, sampler } = await scene();
  const spans = Array.from({ length: ROWS - 1 }, (_, row) => ({ row, first: 0, end: COLUMNS - 1 }));
  kernel.composite({
    foregroundAt: at.foreground, backgroundAt: at.background, width: WIDTH, height: HEIGHT, offsetsAt: at.offsets,
    cellPx: CELL, cells: kernel.placeSpans(spans).list, pictureAt: at.picture,
  });
  const picture = new Uint8Array(kernel.arena.memory.buffer, at.picture, WIDTH * HEIGHT * 1.5);
  const nodes = { values: offsets, columns: COLUMNS, rows: ROWS, leftPx: 0, topPx: 0, cellPx: CELL };
  const place = new Float64Array(2);
  const colour = new Float64Array(4);
  const chroma = new Float64Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      sourceOf(nodes, x, y, place);
      sampler.foreground(place, colour);
      sampler.over(x, y, colour);
      assert.ok(Math.abs(picture[y * WIDTH + x]! - Math.min(255, colour[0]!)) <= 2.5, `luma at ${x}, ${y}: ${picture[y * WIDTH + x]!} instead of ${colour[0]!}`);
      const block = (y >> 1) * (WIDTH / 2) + (x >> 1);
      chroma[block]! += Math.min(255, colour[1]!) / 4;
    }
  }
  for (let block = 0; block < (WIDTH * HEIGHT) / 4; block += 1) {
    assert.ok(Math.abs(picture[WIDTH * HEIGHT + block]! - chroma[block]!) <= 2.5, `U block ${block}: ${picture[WIDTH * HEIGHT + block]!} instead of ${chroma[block]!}`);
  }
});

await test('the kernel writes only the cells it is told to', async () => {
  const { kernel, at } = await scene();
  const picture = new Uint8Array(kernel.arena.memory.buffer, at.picture, WIDTH * HEIGHT * 1.5).fill(7);
  kernel.composite({
    foregroundAt: at.foreground, backgroundAt: at.background, width: WIDTH, height: HEIGHT, offsetsAt: at.offsets,
    cellPx: CELL, cells: kernel.placeSpans([{ row: 2, first: 3, end: 5 }]).list, pictureAt: at.picture,
  });
  const touched = [...picture.subarray(0, WIDTH * HEIGHT)].flatMap((value, pixel) => (value === 7 ? [] : [pixel]));
  assert.ok(touched.length > 20);
  for (const pixel of touched) {
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
    assert.ok(x >= 12 && x < 20 && y >= 8 && y < 12, `pixel ${x}, ${y} is outside of the cells`);
  }
});

await test('the kernel inverts as plain JavaScript does', async () => {
  const { kernel, at, offsets } = await scene();
  const displacement = new Float32Array(kernel.arena.memory.buffer, at.displacement, COLUMNS * ROWS * 2);
  displacement.forEach((_, index) => { displacement[index] = 3 * Math.cos(index * 0.13); });
  const expected = offsets.slice();
  const area = { columns: COLUMNS, rows: ROWS, cellPx: CELL };
  const change = invertPass({ ...area, values: displacement }, { ...area, values: expected });
  const spans = Array.from({ length: ROWS }, (_, row) => ({ row, first: 0, end: COLUMNS }));
  const found = kernel.invert({ displacementAt: at.displacement, offsetsAt: at.offsets, nodes: kernel.placeSpans(spans).list, ...area });
  assert.ok(Math.abs(found - change) < 1e-3, `largest change ${found} instead of ${change}`);
  offsets.forEach((value, index) => { assert.ok(Math.abs(value - expected[index]!) < 1e-3, `offset ${index}: ${value} instead of ${expected[index]!}`); });
});
