import type { RgbImage } from '../rgb-image.ts';
import { resizeBilinear } from './bilinear-resize.ts';
import { type Box, faceCrop } from './face-crop.ts';
import type { Point } from './landmarks.ts';
import type { PreprocessMode } from './neural-portrait.ts';

const CHANNELS = 3;

/** A face cut out of a picture. */
export interface PortraitCut {
  /** The cut, squeezed to a square. */
  readonly face: RgbImage;
  /** Where it was cut from the picture, whole pixels. */
  readonly box: Box;
  /** The picture's landmarks in the square's pixels. */
  readonly landmarks: readonly Point[];
}

/**
 * Returns the part of a picture that SadTalker's networks see in a mode, `sizePx` × `sizePx` pixels, from the picture's 68 landmarks.
 * Three flaws of the reference are left out: its box is too small where very large faces are shrunk first, ends at the picture's
 * width also downwards, and can lie beyond the picture.
 */
export function cutPortrait(photo: RgbImage, landmarks: readonly Point[], { mode, sizePx }: { mode: PreprocessMode; sizePx: number }): PortraitCut {
  const { width, height, part } = mode === 'resize' ? wholePicture(photo) : facePart(photo, landmarks, mode);
  const resized = width === photo.width && height === photo.height ? photo : resizeBilinear(photo, width, height);
  const [across, down] = [photo.width / width, photo.height / height];
  const box = {
    left: Math.round(part.left * across), top: Math.round(part.top * down),
    right: Math.round(part.right * across), bottom: Math.round(part.bottom * down),
  };
  return { face: resizeBilinear(cutBox(resized, part), sizePx, sizePx), box, landmarks: moveLandmarks(landmarks, box, sizePx) };
}

/** Returns a copy of a part of a picture. */
export function cutBox(image: RgbImage, { left, top, right, bottom }: Box): RgbImage {
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(width * height * CHANNELS);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * CHANNELS;
    data.set(image.data.subarray(from, from + width * CHANNELS), y * width * CHANNELS);
  }
  return { width, height, data };
}

/** Returns where landmarks come to lie when a box of their picture is squeezed to a square; pixel centres are whole numbers in both. */
export function moveLandmarks(landmarks: readonly Point[], { left, top, right, bottom }: Box, sizePx: number): Point[] {
  const [across, down] = [sizePx / (right - left), sizePx / (bottom - top)];
  return landmarks.map(([x, y]): Point => [(x + 0.5 - left) * across - 0.5, (y + 0.5 - top) * down - 0.5]);
}

/** A part of a picture that was resized to `width` × `height` first. */
interface ResizedPart {
  readonly width: number;
  readonly height: number;
  readonly part: Box;
}

function wholePicture({ width, height }: RgbImage): ResizedPart {
  return { width, height, part: { left: 0, top: 0, right: width, bottom: height } };
}

/** The face's square, or with some of its surroundings in the `ext` modes. */
function facePart(photo: RgbImage, landmarks: readonly Point[], mode: PreprocessMode): ResizedPart {
  const { width, height, crop, inner } = faceCrop(landmarks, photo.width, photo.height);
  if (mode === 'extcrop' || mode === 'extfull') {
    return { width, height, part: crop };
  }
  const part = { left: crop.left + inner.left, top: crop.top + inner.top, right: crop.left + inner.right, bottom: crop.top + inner.bottom };
  return { width, height, part };
}
