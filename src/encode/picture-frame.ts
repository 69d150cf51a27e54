import { AV_PIX_FMT_YUV420P } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { pictureBytes } from '../base/picture.ts';
import type { Picture } from '../base/picture.ts';
import { checked } from './checked.ts';

/**
 * A libav frame that pictures of one size are copied into, over and over. (`Frame.fromBuffer` copies nothing: the
 * frame would point into memory that its owner may reuse while the encoder reads it.)
 */
export class PictureFrame {
  readonly frame = new Frame();
  readonly #width: number;
  readonly #height: number;
  /** Live views of the frame's planes, without padding. */
  #planes: readonly Buffer[];

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.frame.alloc();
    this.frame.width = width;
    this.frame.height = height;
    this.frame.format = AV_PIX_FMT_YUV420P;
    checked(this.frame.getBuffer(1), 'allocate a frame');
    this.#planes = this.frame.data ?? [];
  }

  /**
   * Copies a picture in.
   * @throws TypeError when it has another size than the frame.
   */
  fill({ width, height, data }: Picture): void {
    if (width !== this.#width || height !== this.#height || data.length !== pictureBytes(width, height)) {
      throw new TypeError(`Expected a picture of ${this.#width} × ${this.#height} pixels with full planes; got ${width} × ${height} in ${data.length} bytes.`);
    }
    if (!this.frame.isWritable) {
      // The encoder still holds the planes of the picture before: they are left to it.
      checked(this.frame.makeWritable(), 'reuse a frame');
      this.#planes = this.frame.data ?? [];
    }
    let start = 0;
    for (const plane of this.#planes) {
      plane.set(data.subarray(start, start + plane.length));
      start += plane.length;
    }
  }

  free(): void {
    this.frame.free();
  }
}

/** Throws TypeError unless the size can be encoded as I420. */
export function checkPictureSize(width: number, height: number): void {
  for (const [name, size] of [['width', width], ['height', height]] as const) {
    if (!Number.isInteger(size) || size % 2 !== 0 || size < 16 || size > 4096) {
      throw new TypeError(`${name} is an even number of pixels from 16 to 4096, not ${size}.`);
    }
  }
}
