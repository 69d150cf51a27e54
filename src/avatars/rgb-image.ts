/** A picture in memory: RGB, 3 bytes a pixel, row by row without padding. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}

/** A point of a picture in pixels (x right, y down, pixel centres at whole numbers). */
export interface Point {
  readonly x: number;
  readonly y: number;
}
