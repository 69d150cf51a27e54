import { PAD_PX } from './picture-layers.ts';
import { clamp } from './shaping.ts';

/** A rectangle of pixels: left and top inside, right and bottom outside. */
export interface PixelBox {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Offsets at the nodes of a window: x and y interleaved, in pixels, relative to the node. */
export interface NodeOffsets {
  readonly values: Float32Array;
  readonly columns: number;
  readonly rows: number;
  /** Place of the first node. */
  readonly leftPx: number;
  readonly topPx: number;
  readonly cellPx: number;
}

/** Writes where the pixel's colour comes from, interpolated between its nodes, into `out` (x, y). */
export function sourceOf(nodes: NodeOffsets, xPx: number, yPx: number, out: Float64Array): void {
  const { values, columns } = nodes;
  const gx = clamp((xPx - nodes.leftPx) / nodes.cellPx, 0, columns - 1.001);
  const gy = clamp((yPx - nodes.topPx) / nodes.cellPx, 0, nodes.rows - 1.001);
  const column = Math.floor(gx);
  const row = Math.floor(gy);
  const fx = gx - column;
  const fy = gy - row;
  const a = (row * columns + column) * 2;
  const b = a + columns * 2;
  const upperX = values[a]! + (values[a + 2]! - values[a]!) * fx;
  const upperY = values[a + 1]! + (values[a + 3]! - values[a + 1]!) * fx;
  const lowerX = values[b]! + (values[b + 2]! - values[b]!) * fx;
  const lowerY = values[b + 1]! + (values[b + 3]! - values[b + 1]!) * fx;
  out[0] = xPx + upperX + (lowerX - upperX) * fy;
  out[1] = yPx + upperY + (lowerY - upperY) * fy;
}

/** Reads packed layers: the mirrored, premultiplied foreground and the background. */
export class LayerSampler {
  readonly width: number;
  readonly height: number;
  readonly #foreground: Uint8Array;
  readonly #background: Uint8Array;
  readonly #strideBytes: number;

  constructor(size: { readonly width: number; readonly height: number }, foreground: Uint8Array, background: Uint8Array) {
    this.width = size.width;
    this.height = size.height;
    this.#foreground = foreground;
    this.#background = background;
    this.#strideBytes = (size.width + 2 * PAD_PX) * 4;
  }

  /** Writes Y, U, V and matte of the foreground at a place (x, y in pixels), bilinear, premultiplied. */
  foreground(place: Float64Array, out: Float64Array): void {
    const bytes = this.#foreground;
    const x = clamp(place[0]! + PAD_PX, 0, this.width + 2 * PAD_PX - 1.01);
    const y = clamp(place[1]! + PAD_PX, 0, this.height + 2 * PAD_PX - 1.01);
    const xi = Math.floor(x);
    const yi = Math.floor(y);
    const fx = x - xi;
    const fy = y - yi;
    const a = yi * this.#strideBytes + xi * 4;
    const b = a + this.#strideBytes;
    for (let channel = 0; channel < 4; channel += 1) {
      const upper = bytes[a + channel]! + (bytes[a + channel + 4]! - bytes[a + channel]!) * fx;
      const lower = bytes[b + channel]! + (bytes[b + channel + 4]! - bytes[b + channel]!) * fx;
      out[channel] = upper + (lower - upper) * fy;
    }
  }

  /** Lays the foreground colour in `colour` (Y, U, V, matte) over the background of an output pixel. */
  over(xPx: number, yPx: number, colour: Float64Array): void {
    const rest = 1 - colour[3]! / 255;
    if (rest > 0.002) {
      const at = (yPx * this.width + xPx) * 4;
      colour[0]! += this.#background[at]! * rest;
      colour[1]! += this.#background[at + 1]! * rest;
      colour[2]! += this.#background[at + 2]! * rest;
    }
  }
}

/**
 * Decides the colours of a patch that is drawn over what the compositor drew. It runs for every pixel, so it allocates nothing: between functions
 * fractions travel in typed arrays and in fields that are written again: as arguments and results the engine would box them.
 */
export interface PatchShader {
  /** Writes Y, U, V of an output pixel into `out`; returns false when it is what the compositor drew already. */
  shade(xPx: number, yPx: number, out: Float64Array): boolean;
}

/** Draws a patch of an I420 picture in blocks of 2 × 2 pixels; blocks without a change are left as they are. */
export class PatchPainter {
  readonly #colour = new Float64Array(4);
  readonly #luma = new Float64Array(4);
  #width = 0;
  #height = 0;

  paint(shader: PatchShader, box: PixelBox, picture: Uint8Array, size: { readonly width: number; readonly height: number }): void {
    const { width, height } = size;
    this.#width = width;
    this.#height = height;
    const left = clamp(box.left, 0, width) & ~1;
    const top = clamp(box.top, 0, height) & ~1;
    const right = clamp(box.right, 0, width);
    const bottom = clamp(box.bottom, 0, height);
    for (let y = top; y < bottom; y += 2) {
      for (let x = left; x < right; x += 2) {
        this.#block(shader, x, y, picture);
      }
    }
  }

  #block(shader: PatchShader, x: number, y: number, picture: Uint8Array): void {
    const width = this.#width;
    const height = this.#height;
    const colour = this.#colour;
    let changed = false;
    let blue = 0;
    let red = 0;
    for (let pixel = 0; pixel < 4; pixel += 1) {
      changed = shader.shade(x + (pixel & 1), y + (pixel >> 1), colour) || changed;
      this.#luma[pixel] = colour[0]!;
      blue += colour[1]!;
      red += colour[2]!;
    }
    if (!changed) {
      return;
    }
    const at = y * width + x;
    picture[at] = this.#luma[0]! + 0.5;
    picture[at + 1] = this.#luma[1]! + 0.5;
    picture[at + width] = this.#luma[2]! + 0.5;
    picture[at + width + 1] = this.#luma[3]! + 0.5;
    const chroma = (y >> 1) * (width >> 1) + (x >> 1);
    picture[width * height + chroma] = blue / 4 + 0.5;
    picture[width * height + (width >> 1) * (height >> 1) + chroma] = red / 4 + 0.5;
  }
}
