import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';
import type { Box } from '../../avatars/sadtalker/face-crop.ts';
import { pictureBytes } from '../../base/picture.ts';
import type { PictureKind } from './neural-messages.ts';
import type { PastePlace } from './face-paster.ts';
import { photoPicture } from './photo-picture.ts';

/** The picture that faces of a portrait are pasted into, and where. */
export interface PortraitView extends PastePlace {
  /** I420. */
  readonly base: Uint8Array;
}

/** Returns the size of a portrait's pictures and the place of the face in them. */
export function pastePlace({ photo, box }: Pick<NeuralPortrait, 'photo' | 'box'>, shows: PictureKind, sizePx: number): PastePlace {
  if (shows === 'portrait') {
    return { sizePx, width: photo.width, height: photo.height, box };
  }
  const height = faceHeight(box, sizePx);
  return { sizePx, width: sizePx, height, box: { left: 0, top: 0, right: sizePx, bottom: height } };
}

/** Returns the place with the picture around it: the photo, or black where the face fills the whole. */
export function portraitView(portrait: Pick<NeuralPortrait, 'photo' | 'box'>, shows: PictureKind, sizePx: number): PortraitView {
  const place = pastePlace(portrait, shows, sizePx);
  return { ...place, base: shows === 'portrait' ? photoPicture(portrait.photo) : new Uint8Array(pictureBytes(place.width, place.height)) };
}

/** Height of a face picture that is `sizePx` wide and has the box's shape, even. */
function faceHeight({ left, top, right, bottom }: Box, sizePx: number): number {
  return Math.max(2, 2 * Math.round((sizePx * (bottom - top)) / (right - left) / 2));
}
