import { AV_PIX_FMT_YUV420P } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { pictureBytes } from '../base/picture.ts';
import type { Picture } from '../base/picture.ts';
import { checked } from './checked.ts';

/** Makes a reusable libav frame for pictures of that size; the caller frees it. */
export function newPictureFrame(width: number, height: number): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = width;
  frame.height = height;
  frame.format = AV_PIX_FMT_YUV420P;
  checked(frame.getBuffer(), 'allocate a frame');
  return frame;
}

/**
 * Copies a picture into a frame of `newPictureFrame`.
 * @throws TypeError when the picture has another size than the frame.
 */
export function fillPictureFrame(frame: Frame, picture: Picture): void {
  const { width, height, data } = picture;
  if (width !== frame.width || height !== frame.height || data.length !== pictureBytes(width, height)) {
    throw new TypeError(`Expected a picture of ${frame.width} × ${frame.height} pixels with full planes; got ${width} × ${height} in ${data.length} bytes.`);
  }
  // The encoder may still hold the planes of the picture before; then the frame gets new ones.
  checked(frame.makeWritable(), 'reuse a frame');
  checked(frame.fromBuffer(Buffer.from(data.buffer, data.byteOffset, data.byteLength)), 'copy a picture');
}

/** Throws TypeError unless the size can be encoded as I420. */
export function checkPictureSize(width: number, height: number): void {
  for (const [name, size] of [['width', width], ['height', height]] as const) {
    if (!Number.isInteger(size) || size % 2 !== 0 || size < 16 || size > 4096) {
      throw new TypeError(`${name} is an even number of pixels from 16 to 4096, not ${size}.`);
    }
  }
}
