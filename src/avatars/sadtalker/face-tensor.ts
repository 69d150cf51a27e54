import type { RgbImage } from '../rgb-image.ts';
import { cutSquare, resizeBicubic } from './bicubic-resize.ts';
import { ALIGNED_PX, type FaceAlignment, alignFace, alignedCrop } from './face-alignment.ts';
import type { Point } from './landmarks.ts';

/** A face as the network of the morphable model takes it. */
export interface FaceTensor {
  /** 3 × 224 × 224 floats, RGB, 0..1. */
  readonly values: Float32Array<ArrayBuffer>;
  /** How the face's picture was scaled and moved for it. */
  readonly alignment: FaceAlignment;
}

/** Returns the tensor of a face's picture, aligned by its 68 landmarks. */
export function faceTensor(face: RgbImage, landmarks: readonly Point[]): FaceTensor {
  const alignment = alignFace(landmarks, face.height);
  const crop = alignedCrop(alignment, face.width, face.height);
  const { data } = cutSquare(resizeBicubic(face, crop.width, crop.height), { ...crop, size: ALIGNED_PX });
  const pixels = ALIGNED_PX * ALIGNED_PX;
  const values = new Float32Array(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    values[pixel] = data[3 * pixel]! / 255;
    values[pixels + pixel] = data[3 * pixel + 1]! / 255;
    values[2 * pixels + pixel] = data[3 * pixel + 2]! / 255;
  }
  return { values, alignment };
}
