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
    const { sizePx, y } = this;
    const pixels = sizePx * sizePx;
    for (let at = 0; at < pixels; at += 1) {
      y[at] = (LUMA.r * rgb[at]! + LUMA.g * rgb[pixels + at]! + LUMA.b * rgb[2 * pixels + at]! + LUMA.offset) >> 16;
    }
    this.#fillChroma(rgb, pixels);
  }

  #fillChroma(rgb: Uint8Array, pixels: number): void {
    const { sizePx, u, v } = this;
    for (let row = 0, to = 0; row < sizePx; row += 2) {
      const end = (row + 1) * sizePx;
      for (let at = row * sizePx; at < end; at += 2, to += 1) {
        const [red, green, blue] = [at, at + pixels, at + 2 * pixels];
        const r = rgb[red]! + rgb[red + 1]! + rgb[red + sizePx]! + rgb[red + sizePx + 1]!;
        const g = rgb[green]! + rgb[green + 1]! + rgb[green + sizePx]! + rgb[green + sizePx + 1]!;
        const b = rgb[blue]! + rgb[blue + 1]! + rgb[blue + sizePx]! + rgb[blue + sizePx + 1]!;
        u[to] = (BLUE.r * r + BLUE.g * g + BLUE.b * b + CHROMA_OFFSET) >> 18;
        v[to] = (RED.r * r + RED.g * g + RED.b * b + CHROMA_OFFSET) >> 18;
      }
    }
  }
}
