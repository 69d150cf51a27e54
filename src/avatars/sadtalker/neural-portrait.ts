import type { RgbImage } from '../rgb-image.ts';
import type { Box } from './face-crop.ts';

/** How a portrait is cut for the networks, under the reference's names. */
export const PREPROCESS_MODES = ['crop', 'extcrop', 'resize', 'full', 'extfull'] as const;

/** One way to cut a portrait. */
export type PreprocessMode = (typeof PREPROCESS_MODES)[number];

/** A portrait as SadTalker's networks take it. */
export interface NeuralPortrait {
  /** Names the portrait, its cut and its size: equal ids mean equal pictures. */
  readonly id: string;
  readonly mode: PreprocessMode;
  /** The portrait's own picture, into which drawn faces are pasted. Even width and height. */
  readonly photo: RgbImage;
  /** The cut face, squeezed to a square as large as the networks' pictures. */
  readonly face: RgbImage;
  /** Where the face was cut from `photo`, whole pixels. */
  readonly box: Box;
  /** The morphable model's row of the portrait: expression 64 | pose 6 | scale, x, y (`base/coefficient-layout.ts`). */
  readonly coefficients: Float32Array;
}

/** True for modes whose windows carry the alignment's three columns too, and whose faces the reference pastes back. */
export function isFull(mode: PreprocessMode): boolean {
  return mode === 'full' || mode === 'extfull';
}
