import type { Picture } from '../base/picture.ts';
import { pictureBytes } from '../base/picture.ts';

/** Makes I420 pictures half as wide and half as high: each value is the mean of four. Its memory is reused from call to call. */
export class HalfSize {
  /** Size of the small picture, even; up to three columns and rows at the edges are cut off for that. */
  readonly width: number;
  readonly height: number;
  readonly #data: Uint8Array;

  /** Takes the size of the large pictures, even. */
  constructor(width: number, height: number) {
    this.width = Math.floor(width / 4) * 2;
    this.height = Math.floor(height / 4) * 2;
    this.#data = new Uint8Array(pictureBytes(this.width, this.height));
  }

  /** Returns the small picture, valid until the next call; releasing it does nothing. */
  of({ width, height, data, mediaUs }: Picture): Picture {
    let from = 0;
    let to = 0;
    for (const share of [1, 2, 2]) {
      const plane = { width: width / share, height: height / share };
      const small = { width: this.width / share, height: this.height / share };
      halve(data.subarray(from, from + plane.width * plane.height), plane.width, this.#data.subarray(to, to + small.width * small.height), small.width);
      from += plane.width * plane.height;
      to += small.width * small.height;
    }
    return { width: this.width, height: this.height, data: this.#data, mediaUs, release: () => undefined };
  }
}

function halve(plane: Uint8Array, width: number, small: Uint8Array, smallWidth: number): void {
  for (let at = 0, from = 0; at < small.length; from += 2 * width) {
    for (let column = 0; column < smallWidth; column++, at++) {
      const above = from + 2 * column;
      const below = above + width;
      small[at] = (plane[above]! + plane[above + 1]! + plane[below]! + plane[below + 1]! + 2) >> 2;
    }
  }
}
