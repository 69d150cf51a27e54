import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../../src/avatars/sadtalker/face-crop.ts';
import { FacePaster, type PastePlace } from '../../../src/render/sadtalker/face-paster.ts';
import { FacePlanes } from '../../../src/render/sadtalker/face-planes.ts';

const SIZE = 32;

/** A face of smooth waves, other ones in each channel. */
function waves(): Uint8Array {
  return Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, at) => {
    const [channel, y, x] = [Math.floor(at / SIZE / SIZE), Math.floor(at / SIZE) % SIZE, at % SIZE];
    return Math.round(128 + 100 * Math.sin(x * 0.35 + channel) * Math.cos(y * 0.22 - channel));
  });
}

function filled(rgb: Uint8Array): FacePlanes {
  const planes = new FacePlanes(SIZE);
  planes.fill(rgb);
  return planes;
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
  new FacePaster(place).paste(filled(waves()), base, target);
  return target;
}

const place = (width: number, height: number, box: Box): PastePlace => ({ sizePx: SIZE, width, height, box });

test('a face that fills the picture is stretched over it, every plane, and not feathered', () => {
  const planes = filled(waves());
  const { width, height } = { width: 90, height: 58 };
  const picture = paste(place(width, height, { left: 0, top: 0, right: width, bottom: height }));
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
  check(0, { width, height }, planes.y);
  check(width * height, { width: width / 2, height: height / 2 }, planes.u);
  check(width * height * 1.25, { width: width / 2, height: height / 2 }, planes.v);
});

test('a face shrinks too', () => {
  const planes = filled(waves());
  const picture = paste(place(20, 20, { left: 0, top: 0, right: 20, bottom: 20 }));
  assert.ok(Math.abs(picture[7 * 20 + 11]! - sample(planes.y, SIZE, 11.5 * 1.6, 7.5 * 1.6)) <= 1.1);
});

test('only the box is written; its middle is the face, its edges fade into the photo', () => {
  const [width, height] = [100, 80];
  const box = { left: 21, top: 10, right: 84, bottom: 73 };
  const picture = paste(place(width, height, box));
  const planes = filled(waves());
  const largestStep = { outside: 0, atEdge: 0, inside: 0 };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const edge = Math.min(x - box.left, box.right - 1 - x, y - box.top, box.bottom - 1 - y);
      const value = picture[y * width + x]!;
      const face = sample(planes.y, SIZE, ((x + 0.5 - box.left) * SIZE) / 63, ((y + 0.5 - box.top) * SIZE) / 63);
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
  assert.ok(Math.abs(chroma[20 * 50 + 26]! - sample(planes.u, SIZE / 2, ((53 - 21) * SIZE) / 63 / 2, ((41 - 10) * SIZE) / 63 / 2)) <= 1.1);
});

test('an edge on the border of the picture is not feathered, the others are', () => {
  const planes = filled(waves());
  const picture = paste(place(64, 64, { left: 0, top: 0, right: 40, bottom: 64 }));
  const at = (x: number, y: number): number => picture[y * 64 + x]!;
  const face = (x: number, y: number): number => sample(planes.y, SIZE, ((x + 0.5) * SIZE) / 40, (y + 0.5) / 2);
  assert.ok(([[0, 0], [0, 30], [0, 63], [20, 0], [20, 63]] as const).every(([x, y]) => Math.abs(at(x, y) - face(x, y)) <= 1.1));
  assert.ok(Math.abs(at(39, 30) - 60) < 0.2 * Math.abs(face(39, 30) - 60), `${at(39, 30)} at the edge`);
});

test('planes are BT.601, limited range, grey without colour', () => {
  const flat = (r: number, g: number, b: number): [number | undefined, number | undefined, number | undefined] => {
    const planes = filled(Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, at) => [r, g, b][Math.floor(at / SIZE / SIZE)]!));
    assert.ok([planes.y, planes.u, planes.v].every((plane) => plane.every((value) => value === plane[0])));
    return [planes.y[0], planes.u[0], planes.v[0]];
  };
  assert.deepEqual([flat(0, 0, 0), flat(255, 255, 255), flat(128, 128, 128)], [[16, 128, 128], [235, 128, 128], [126, 128, 128]]);
  assert.deepEqual([flat(255, 0, 0), flat(0, 255, 0), flat(0, 0, 255)], [[81, 90, 240], [145, 54, 34], [41, 240, 110]]);
});
