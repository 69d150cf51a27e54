import type { PlaneSize } from '../box-filter.ts';
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
  const resized = resizedPart(photo, landmarks, mode);
  const { width, height, part } = resized;
  const picture = width === photo.width && height === photo.height ? photo : resizeBilinear(photo, width, height);
  const box = boxOf(photo, resized);
  return { face: resizeBilinear(cutBox(picture, part), sizePx, sizePx), box, landmarks: moveLandmarks(landmarks, box, sizePx) };
}

/** Returns where `cutPortrait` cuts a picture of a size. */
export function portraitBox(picture: PlaneSize, landmarks: readonly Point[], mode: PreprocessMode): Box {
  return boxOf(picture, resizedPart(picture, landmarks, mode));
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

/** The whole picture, the face's square, or the square with some of its surroundings in the `ext` modes. */
function resizedPart(picture: PlaneSize, landmarks: readonly Point[], mode: PreprocessMode): ResizedPart {
  if (mode === 'resize') {
    return { width: picture.width, height: picture.height, part: { left: 0, top: 0, right: picture.width, bottom: picture.height } };
  }
  const { width, height, crop, inner } = faceCrop(landmarks, picture.width, picture.height);
  if (mode === 'extcrop' || mode === 'extfull') {
    return { width, height, part: crop };
  }
  const part = { left: crop.left + inner.left, top: crop.top + inner.top, right: crop.left + inner.right, bottom: crop.top + inner.bottom };
  return { width, height, part };
}

/** The part in the pixels of the picture before it was resized. */
function boxOf(picture: PlaneSize, { width, height, part }: ResizedPart): Box {
  const [across, down] = [picture.width / width, picture.height / height];
  return {
    left: Math.round(part.left * across), top: Math.round(part.top * down),
    right: Math.round(part.right * across), bottom: Math.round(part.bottom * down),
  };
}
