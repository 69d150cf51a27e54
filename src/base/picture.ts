/** A drawn frame: I420, full planes one after the other (Y, U, V), no padding. It has one owner at a time. */
export interface Picture {
  /** Width in pixels, even. */
  readonly width: number;
  /** Height in pixels, even. */
  readonly height: number;
  /** `width * height * 3 / 2` bytes over shared memory. */
  readonly data: Uint8Array;
  /** Media time of the frame, in microseconds. */
  readonly mediaUs: number;
  /** Gives the buffer back to whoever drew it; the data must not be touched afterwards. Idempotent. */
  release(): void;
}

/** Returns the bytes of an I420 picture. */
export function pictureBytes(width: number, height: number): number {
  return (width * height * 3) / 2;
}
