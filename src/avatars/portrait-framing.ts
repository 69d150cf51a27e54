import type { PlaneSize } from './box-filter.ts';
import type { DetectedFace } from './face-detector.ts';
import type { Rectangle } from './portrait-image.ts';

/** Which part of a picture becomes the avatar, and how large it is drawn. */
export interface Framing {
  readonly crop: Rectangle;
  /** Both sides are multiples of 16. */
  readonly size: PlaneSize;
}

/** Sides of the avatar's picture are multiples of this many pixels: whole macroblocks of the video codecs. */
const BLOCK_PX = 16;

/** Limits of the shorter and of the longer side. */
const SHORTEST_PX = 512;
const TALLEST_PX = 720;
const WIDEST_PX = 1280;

/** Widest and tallest shape. */
const WIDEST_ASPECT = 16 / 9;

/** Faces whose box is lower than this part of the picture are brought closer … */
const SMALL_FACE = 1 / 3;

/** … until their box is this part of the picture's height. */
const CLOSE_FACE = 0.4;

/** Where the middle of the face's box then lies, in parts of the picture's height: head above, shoulders below. */
const FACE_LEVEL = 0.48;

/** Chooses the crop and the size of the avatar's picture. */
export function framePortrait(picture: PlaneSize, face: DetectedFace): Framing {
  const aspect = Math.min(WIDEST_ASPECT, Math.max(1 / WIDEST_ASPECT, picture.width / picture.height));
  const wholeHeight = Math.min(picture.height, picture.width / aspect);
  const height = face.sidePx < SMALL_FACE * wholeHeight ? Math.min(wholeHeight, face.sidePx / CLOSE_FACE) : wholeHeight;
  const size = drawnSize(aspect, Math.min(height, height * aspect));
  return { crop: cropAround(picture, face, { height, size }), size };
}

/** The size a crop is drawn at: near its own, within the limits. */
function drawnSize(aspect: number, shorterPx: number): PlaneSize {
  const shorter = Math.max(SHORTEST_PX, Math.min(TALLEST_PX, toBlocks(shorterPx)));
  const longer = Math.min(WIDEST_PX, toBlocks(shorter * Math.max(aspect, 1 / aspect)));
  return aspect >= 1 ? { width: longer, height: shorter } : { width: shorter, height: longer };
}

/** A rectangle of the drawn shape and about the given height, inside the picture, with the face in its place. */
function cropAround(picture: PlaneSize, face: DetectedFace, wanted: { height: number; size: PlaneSize }): Rectangle {
  const aspect = wanted.size.width / wanted.size.height;
  const height = Math.min(wanted.height, picture.width / aspect);
  const crop = { width: Math.max(1, Math.min(picture.width, Math.round(height * aspect))), height: Math.max(1, Math.round(height)) };
  return {
    ...crop,
    left: place(face.centre.x - crop.width / 2, picture.width - crop.width),
    top: place(face.centre.y - FACE_LEVEL * crop.height, picture.height - crop.height),
  };
}

function place(wanted: number, most: number): number {
  return Math.max(0, Math.min(most, Math.round(wanted)));
}

function toBlocks(px: number): number {
  return Math.round(px / BLOCK_PX) * BLOCK_PX;
}
