/** Fixed-point factors over 2¹⁶ of BT.601, limited range, as `lumaOf`, `blueOf` and `redOf` of picture-layers.ts. */
const LUMA = { r: 16_829, g: 33_039, b: 6416, offset: (16 << 16) + (1 << 15) } as const;
/** The factors of a chroma plane add up to 0, so that grey stays grey. */
const BLUE = { r: -9714, g: -19_070, b: 28_784 } as const;
const RED = { r: 28_784, g: -24_103, b: -4681 } as const;
/** For sums of four pixels: two more bits. */
const CHROMA_OFFSET = (128 << 18) + (1 << 17);

/** A square face as the planes of an I420 picture of its own. Filled again for every frame. */
export class FacePlanes {
  /** Side of the face in pixels, even. */
  readonly sizePx: number;
  readonly y: Uint8Array;
  /** Half the side. */
  readonly u: Uint8Array;
  readonly v: Uint8Array;

  constructor(sizePx: number) {
    this.sizePx = sizePx;
    this.y = new Uint8Array(sizePx * sizePx);
    this.u = new Uint8Array((sizePx * sizePx) / 4);
    this.v = new Uint8Array((sizePx * sizePx) / 4);
  }

  /** Takes a face of 3 × size × size RGB bytes. */
  fill(rgb: Uint8Array): void {
    const { sizePx } = this;
    for (let row = 0; row < sizePx; row += 2) {
      this.#fillRows(rgb, row * sizePx, (row >> 1) * (sizePx >> 1));
    }
  }

  /** Fills two rows of luma and one of each chroma, from 2 × 2 pixels at a time. */
  #fillRows(rgb: Uint8Array, from: number, chromaAt: number): void {
    const { sizePx, y, u, v } = this;
    const pixels = sizePx * sizePx;
    for (let at = from, to = chromaAt; at < from + sizePx; at += 2, to += 1) {
      const green = at + pixels;
      const blue = green + pixels;
      const below = at + sizePx;
      const r0 = rgb[at]!, r1 = rgb[at + 1]!, r2 = rgb[below]!, r3 = rgb[below + 1]!;
      const g0 = rgb[green]!, g1 = rgb[green + 1]!, g2 = rgb[green + sizePx]!, g3 = rgb[green + sizePx + 1]!;
      const b0 = rgb[blue]!, b1 = rgb[blue + 1]!, b2 = rgb[blue + sizePx]!, b3 = rgb[blue + sizePx + 1]!;
      y[at] = luma(r0, g0, b0);
      y[at + 1] = luma(r1, g1, b1);
      y[below] = luma(r2, g2, b2);
      y[below + 1] = luma(r3, g3, b3);
      const r = r0 + r1 + r2 + r3;
      const g = g0 + g1 + g2 + g3;
      const b = b0 + b1 + b2 + b3;
      u[to] = (Math.imul(BLUE.r, r) + Math.imul(BLUE.g, g) + Math.imul(BLUE.b, b) + CHROMA_OFFSET) >> 18;
      v[to] = (Math.imul(RED.r, r) + Math.imul(RED.g, g) + Math.imul(RED.b, b) + CHROMA_OFFSET) >> 18;
    }
  }
}

function luma(r: number, g: number, b: number): number {
  return (Math.imul(LUMA.r, r) + Math.imul(LUMA.g, g) + Math.imul(LUMA.b, b) + LUMA.offset) >> 16;
}
