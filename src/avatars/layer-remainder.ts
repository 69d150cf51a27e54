import type { RgbImage } from './rgb-image.ts';

/** Coverage from which on the layers must explain the picture, and from which on they must do so fully: a ghost of the fainter outline would stay where the head moves away. */
const FAINT = 0.12;
const CLEAR = 0.45;

/**
 * Changes the person and the background, RGB of the picture's size, in place so that the one drawn through the matte over the other is the picture again,
 * also where the matte is wrong, and a face at rest shows no seam. What they leave of I − αF − (1 − α)B is given to the person's colour,
 * and of what that cannot hold the background's takes its part.
 * @param matte Coverage of the person, 0..255, one byte a pixel.
 */
export function shareRemainder(image: RgbImage, matte: Uint8Array, layers: { readonly person: Uint8Array; readonly background: Uint8Array }): void {
  const { person, background } = layers;
  for (let pixel = 0; pixel < matte.length; pixel++) {
    const alpha = matte[pixel]! / 255;
    if (alpha <= FAINT) {
      continue;
    }
    const share = Math.min(1, (alpha - FAINT) / (CLEAR - FAINT));
    for (let index = 3 * pixel; index < 3 * pixel + 3; index++) {
      const drawn = alpha * person[index]! + (1 - alpha) * background[index]!;
      const wanted = drawn + share * (image.data[index]! - drawn);
      person[index] = toByte((wanted - (1 - alpha) * background[index]!) / alpha);
      const left = wanted - alpha * person[index]! - (1 - alpha) * background[index]!;
      background[index] = toByte(background[index]! + (1 - alpha) * left);
    }
  }
}

function toByte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}
