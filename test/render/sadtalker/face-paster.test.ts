import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../../src/avatars/sadtalker/face-crop.ts';
import { FacePaster, type PastePlace } from '../../../src/render/sadtalker/face-paster.ts';
import { PasteKernel } from '../../../src/render/sadtalker/paste-kernel.ts';
import { isBuilt, PASTE_KERNEL } from '../kernel-files.ts';
import { plainPaste, plainPlanes } from './plain-paste.ts';

const SIZE = 32;
const kernel = await PasteKernel.load(SIZE);

/** A face of smooth waves, other ones in each channel. */
function waves(): Uint8Array {
  return Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, at) => {
    const [channel, y, x] = [Math.floor(at / SIZE / SIZE), Math.floor(at / SIZE) % SIZE, at % SIZE];
    return Math.round(128 + 100 * Math.sin(x * 0.35 + channel) * Math.cos(y * 0.22 - channel));
  });
}

/** Returns the value of a square plane at a position in pixels from its edge: bilinear, the edge repeated. */
function sample(plane: Uint8Array, side: number, x: number, y: number): number {
  const held = (value: number): number => Math.max(0, Math.min(side - 1, value - 0.5));
  const [column, row] = [Math.min(side - 2, Math.floor(held(x))), Math.min(side - 2, Math.floor(held(y)))];
  const [fx, fy] = [held(x) - column, held(y) - row];
  const at = (dy: number, dx: number): number => plane[(row + dy) * side + column + dx]!;
  return (at(0, 0) * (1 - fx) + at(0, 1) * fx) * (1 - fy) + (at(1, 0) * (1 - fx) + at(1, 1) * fx) * fy;
}

/** Pastes waves over a flat picture of 60s; returns the picture. */
function paste(place: PastePlace): Uint8Array {
  const base = new Uint8Array(place.width * place.height * 1.5).fill(60);
  const target = base.slice();
  new FacePaster(kernel, place, base).paste(waves(), target);
  return target;
}

const place = (width: number, height: number, box: Box): PastePlace => ({ sizePx: SIZE, width, height, box });

const edges = (left: number, top: number, right: number, bottom: number): Box => ({ left, top, right, bottom });

test('a face that fills the picture is stretched over it, every plane, and not feathered', () => {
  const planes = plainPlanes(waves(), SIZE);
  const { width, height } = { width: 90, height: 58 };
  const picture = paste(place(width, height, edges(0, 0, width, height)));
  const check = (start: number, size: { width: number; height: number }, plane: Uint8Array): void => {
    const side = Math.sqrt(plane.length);
    for (let y = 0; y < size.height; y += 1) {
      for (let x = 0; x < size.width; x += 1) {
        const expected = sample(plane, side, ((x + 0.5) * side) / size.width, ((y + 0.5) * side) / size.height);
        const actual = picture[start + y * size.width + x]!;
        assert.ok(Math.abs(actual - expected) <= 1.1, `${actual} at ${x}, ${y} of the plane at ${start}; ${expected.toFixed(2)} expected`);
      }
    }
  };
  check(0, { width, height }, planes[0]);
  check(width * height, { width: width / 2, height: height / 2 }, planes[1]);
  check(width * height * 1.25, { width: width / 2, height: height / 2 }, planes[2]);
});

test('a face shrinks too', () => {
  const [luma] = plainPlanes(waves(), SIZE);
  const picture = paste(place(20, 20, edges(0, 0, 20, 20)));
  assert.ok(Math.abs(picture[7 * 20 + 11]! - sample(luma, SIZE, 11.5 * 1.6, 7.5 * 1.6)) <= 1.1);
});

test('only the box is written; its middle is the face, its edges fade into the photo', () => {
  const [width, height] = [100, 80];
  const box = edges(21, 10, 84, 73);
  const picture = paste(place(width, height, box));
  const [luma, blue] = plainPlanes(waves(), SIZE);
  const largestStep = { outside: 0, atEdge: 0, inside: 0 };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const edge = Math.min(x - box.left, box.right - 1 - x, y - box.top, box.bottom - 1 - y);
      const value = picture[y * width + x]!;
      const face = sample(luma, SIZE, ((x + 0.5 - box.left) * SIZE) / 63, ((y + 0.5 - box.top) * SIZE) / 63);
      if (edge < 0) {
        largestStep.outside = Math.max(largestStep.outside, Math.abs(value - 60));
      } else if (edge === 0) {
        largestStep.atEdge = Math.max(largestStep.atEdge, Math.abs(value - 60));
      } else if (edge >= 4) {
        largestStep.inside = Math.max(largestStep.inside, Math.abs(value - face));
      }
    }
  }
  assert.equal(largestStep.outside, 0);
  assert.ok(largestStep.atEdge <= 12, `${largestStep.atEdge} levels at the edge`);
  assert.ok(largestStep.inside <= 1.1, `${largestStep.inside} levels inside`);
  const chroma = picture.subarray(width * height, width * height * 1.25);
  assert.deepEqual([chroma[0], chroma[30 * 50 + 5], chroma[30 * 50 + 46]], [60, 60, 60], 'the same for colours');
  assert.ok(Math.abs(chroma[20 * 50 + 26]! - sample(blue, SIZE / 2, ((53 - 21) * SIZE) / 63 / 2, ((41 - 10) * SIZE) / 63 / 2)) <= 1.1);
});

test('an edge on the border of the picture is not feathered, the others are', () => {
  const [luma] = plainPlanes(waves(), SIZE);
  const picture = paste(place(64, 64, edges(0, 0, 40, 64)));
  const at = (x: number, y: number): number => picture[y * 64 + x]!;
  const face = (x: number, y: number): number => sample(luma, SIZE, ((x + 0.5) * SIZE) / 40, (y + 0.5) / 2);
  assert.ok(([[0, 0], [0, 30], [0, 63], [20, 0], [20, 63]] as const).every(([x, y]) => Math.abs(at(x, y) - face(x, y)) <= 1.1));
  assert.ok(Math.abs(at(39, 30) - 60) < 0.2 * Math.abs(face(39, 30) - 60), `${at(39, 30)} at the edge`);
});

test('colours are BT.601, limited range, grey without colour', () => {
  const flat = (r: number, g: number, b: number): [number | undefined, number | undefined, number | undefined] => {
    const picture = new Uint8Array(16 * 16 * 1.5);
    const rgb = Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, at) => [r, g, b][Math.floor(at / SIZE / SIZE)]!);
    new FacePaster(kernel, place(16, 16, edges(0, 0, 16, 16)), picture).paste(rgb, picture);
    const planes = [picture.subarray(0, 256), picture.subarray(256, 320), picture.subarray(320)];
    assert.ok(planes.every((plane) => plane.every((value) => value === plane[0])));
    return [picture[0], picture[256], picture[320]];
  };
  assert.deepEqual([flat(0, 0, 0), flat(255, 255, 255), flat(128, 128, 128)], [[16, 128, 128], [235, 128, 128], [126, 128, 128]]);
  assert.deepEqual([flat(255, 0, 0), flat(0, 255, 0), flat(0, 0, 255)], [[81, 90, 240], [145, 54, 34], [41, 240, 110]]);
});

/** Bytes without order, the same ones each time. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state >>> 24;
  });
}

for (const { sizePx, boxes } of [
  { sizePx: 32, boxes: [edges(0, 0, 132, 70), edges(1, 1, 4, 6), edges(130, 68, 132, 70), edges(7, 13, 108, 64), edges(40, 0, 63, 17)] },
  { sizePx: 256, boxes: [edges(31, 9, 117, 70), edges(0, 12, 77, 69), edges(63, 33, 70, 39)] },
  { sizePx: 512, boxes: [edges(3, 2, 131, 67), edges(0, 0, 132, 51), edges(50, 20, 93, 63)] },
]) {
  test(`faces of ${sizePx} pixels are pasted as plain JavaScript pastes them, to the last bit`, async () => {
    const [width, height] = [132, 70];
    const own = await PasteKernel.load(sizePx);
    // Extremes, and places one after the other: what is left of the last one must not be seen.
    const faces = [noise(3 * sizePx ** 2, sizePx), new Uint8Array(3 * sizePx ** 2), new Uint8Array(3 * sizePx ** 2).fill(255)];
    const places = boxes.map((box): PastePlace => ({ sizePx, width, height, box }));
    const base = noise(width * height * 1.5, 7);
    const pasters = places.map((each) => new FacePaster(own, each, base));
    for (const rgb of faces) {
      for (const [index, paster] of pasters.entries()) {
        // As pictures lie in memory that threads share, at any offset.
        const picture = new Uint8Array(new SharedArrayBuffer(base.length + 3), 3);
        picture.set(base);
        paster.paste(rgb, picture);
        const expected = plainPaste(rgb, places[index]!, base);
        const differs = picture.findIndex((value, at) => value !== expected[at]);
        assert.equal(differs, -1, `box ${JSON.stringify(boxes[index])}: ${picture[differs]} instead of ${expected[differs]} at byte ${differs}`);
      }
    }
  });
}

test('a large picture after a small one, and a small one again', async () => {
  const small = place(20, 20, edges(2, 3, 18, 19));
  const large = place(1280, 720, edges(301, 5, 997, 701));
  const own = await PasteKernel.load(SIZE);
  for (const each of [small, large, small]) {
    const base = noise(each.width * each.height * 1.5, each.width);
    const picture = base.slice();
    new FacePaster(own, each, base).paste(waves(), picture);
    assert.ok(Buffer.from(picture).equals(plainPaste(waves(), each, base)));
  }
});

test('the kernel takes faces of whole steps', async () => {
  for (const sizePx of [0, 8, 250, 16.5, NaN]) {
    await assert.rejects(PasteKernel.load(sizePx), /multiple of 16/);
  }
});

test('the compiled kernel is that of the source beside it', async () => {
  assert.ok(await isBuilt(PASTE_KERNEL), 'paste-kernel.as was changed after paste-kernel.wasm was built: run test/render/build-kernel.ts');
});
