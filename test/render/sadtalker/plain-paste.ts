import type { PastePlace } from '../../../src/render/sadtalker/face-paster.ts';

/** A plane, its size, and where it begins in an I420 picture. */
interface Plane {
  readonly at: number;
  readonly width: number;
  readonly height: number;
}

/** Returns what `FacePaster` makes of a picture, pixel by pixel in whole numbers, without tables. */
export function plainPaste(rgb: Uint8Array, { sizePx, width, height, box }: PastePlace, base: Uint8Array): Uint8Array {
  const picture = base.slice();
  const face = plainPlanes(rgb, sizePx);
  const featherPx = Math.max(1, Math.round(0.05 * Math.min(box.right - box.left, box.bottom - box.top)));
  const shareX = shareOf(box.left, box.right, width, featherPx);
  const shareY = shareOf(box.top, box.bottom, height, featherPx);
  planesOf(width, height).forEach((plane, index) => {
    const scale = index === 0 ? 1 : 2;
    const side = sizePx / scale;
    for (let y = Math.floor(box.top / scale); y < Math.ceil(box.bottom / scale); y += 1) {
      const row = tapsOf((y + 0.5 - box.top / scale) * (sizePx / (box.bottom - box.top)), side);
      for (let x = Math.floor(box.left / scale); x < Math.ceil(box.right / scale); x += 1) {
        const column = tapsOf((x + 0.5 - box.left / scale) * (sizePx / (box.right - box.left)), side);
        const line = (at: number): number => face[index]![at * side + column.first]! * (256 - column.weight) + face[index]![at * side + column.first + 1]! * column.weight;
        const value = Math.floor((line(row.first) * (256 - row.weight) + line(row.first + 1) * row.weight + 32_768) / 65_536);
        const share = planeShare(shareX, x, scale) * planeShare(shareY, y, scale);
        const at = plane.at + y * plane.width + x;
        picture[at] = base[at]! + Math.floor(((value - base[at]!) * share + 32_768) / 65_536);
      }
    }
  });
  return picture;
}

/** Returns the planes of a square face of red, green and blue planes as BT.601, limited range; factors over 2¹⁶. */
export function plainPlanes(rgb: Uint8Array, side: number): [luma: Uint8Array, blue: Uint8Array, red: Uint8Array] {
  const planes = planesOf(side, side).map((plane) => new Uint8Array(plane.width * plane.height)) as [Uint8Array, Uint8Array, Uint8Array];
  const channel = (index: number, x: number, y: number): number => rgb[(index * side + y) * side + x]!;
  const sum = (index: number, x: number, y: number): number => channel(index, x, y) + channel(index, x + 1, y) + channel(index, x, y + 1) + channel(index, x + 1, y + 1);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      planes[0][y * side + x] = Math.floor((16_829 * channel(0, x, y) + 33_039 * channel(1, x, y) + 6416 * channel(2, x, y) + 16 * 65_536 + 32_768) / 65_536);
      if (x % 2 === 0 && y % 2 === 0) {
        const [r, g, b] = [sum(0, x, y), sum(1, x, y), sum(2, x, y)];
        const at = ((y / 2) * side) / 2 + x / 2;
        planes[1][at] = Math.floor((-9714 * r - 19_070 * g + 28_784 * b) / 262_144 + 128.5);
        planes[2][at] = Math.floor((28_784 * r - 24_103 * g - 4681 * b) / 262_144 + 128.5);
      }
    }
  }
  return planes;
}

function planesOf(width: number, height: number): [Plane, Plane, Plane] {
  const half = { width: width / 2, height: height / 2 };
  return [{ at: 0, width, height }, { at: width * height, ...half }, { at: width * height * 1.25, ...half }];
}

/** The two source pixels around a position in pixels from the source's edge, and the weight of the second over 2⁸. */
function tapsOf(position: number, side: number): { first: number; weight: number } {
  const held = Math.round(256 * Math.min(side - 1, Math.max(0, position - 0.5)));
  const first = Math.min(side - 2, Math.floor(held / 256));
  return { first, weight: held - 256 * first };
}

/** Returns the share of the face at a luma pixel of an axis. */
function shareOf(from: number, to: number, length: number, featherPx: number): (at: number) => number {
  const rise = (distance: number): number => {
    const t = Math.min(1, distance / featherPx);
    return t * t * (3 - 2 * t);
  };
  return (at) => {
    const left = from === 0 ? 1 : rise(at + 0.5 - from);
    const right = to === length ? 1 : rise(to - at - 0.5);
    return at < from || at >= to ? 0 : left * right;
  };
}

/** The share at a pixel of a plane, over 2⁸: the mean of the luma pixels it covers. */
function planeShare(share: (at: number) => number, at: number, scale: number): number {
  return Math.round(scale === 1 ? 256 * share(at) : 128 * (share(2 * at) + share(2 * at + 1)));
}
