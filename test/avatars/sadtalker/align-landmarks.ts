import { ALIGNED_PX, alignedCrop, type FaceAlignment } from '../../../src/avatars/sadtalker/face-alignment.ts';
import type { Point } from '../../../src/avatars/sadtalker/landmarks.ts';

/** Returns where landmarks (y down) of a picture of `width` × `height` pixels come to lie in the aligned picture, y up. */
export function alignLandmarks(landmarks: readonly Point[], alignment: FaceAlignment, { width, height }: { width: number; height: number }): Point[] {
  const crop = alignedCrop(alignment, width, height);
  return landmarks.map(([x, y]): Point => [
    (x - alignment.x + width / 2) * alignment.scale - (crop.width - ALIGNED_PX) / 2,
    (height - 1 - y - alignment.y + height / 2) * alignment.scale - (crop.height - ALIGNED_PX) / 2,
  ]);
}
