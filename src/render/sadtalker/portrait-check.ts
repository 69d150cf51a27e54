import type { Box } from '../../avatars/sadtalker/face-crop.ts';
import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';
import type { RgbImage } from '../../avatars/rgb-image.ts';
import type { LoadedNetworks } from './neural-messages.ts';

/** Checks a portrait. @throws TypeError when its parts do not fit together or not the networks. */
export function checkPortrait({ photo, face, box, coefficients }: NeuralPortrait, { sizePx, columns }: LoadedNetworks): void {
  checkImage('photo', photo);
  checkImage('face', face);
  if (photo.width % 2 !== 0 || photo.height % 2 !== 0) {
    throw new TypeError(`A portrait's photo has an even width and height, not ${photo.width} × ${photo.height}.`);
  }
  if (face.width !== sizePx || face.height !== sizePx) {
    throw new TypeError(`The networks take faces of ${sizePx} × ${sizePx} pixels, not ${face.width} × ${face.height}.`);
  }
  checkBox(box, photo);
  if (coefficients.length < columns) {
    throw new TypeError(`The networks take rows of ${columns} coefficients; the portrait has ${coefficients.length}.`);
  }
}

function checkBox({ left, top, right, bottom }: Box, photo: RgbImage): void {
  if (![left, top, right, bottom].every(Number.isInteger) || left < 0 || top < 0 || right > photo.width || bottom > photo.height || left >= right || top >= bottom) {
    throw new TypeError(`The face's box ${left}, ${top} to ${right}, ${bottom} is no part of a photo of ${photo.width} × ${photo.height} in whole pixels.`);
  }
}

function checkImage(name: string, { width, height, data }: RgbImage): void {
  if (data.length !== width * height * 3) {
    throw new TypeError(`The portrait's ${name} has ${data.length} bytes; ${width} × ${height} needs ${width * height * 3}.`);
  }
}
