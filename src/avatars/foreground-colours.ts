import { boxMean } from './box-filter.ts';
import type { RgbImage } from './rgb-image.ts';

/** Coverage, of 255, from which on a pixel shows the person alone. */
const SOLID = 242;

/** Least part of the surroundings that must show the person alone for its colour to be told from them. */
const LEAST_SHARE = 1e-3;

/** λ: how much the colours nearby count against those of the pixel itself. */
const TRUST_IN_SURROUNDINGS = 0.05;

/** How far the person's colour reaches into the soft edge and beyond, in parts of the picture's shorter side. */
const REACH = 0.012;

/**
 * Returns the picture with the old background taken out of the person's soft edges, RGB: there, and a little outside,
 * it holds the person's own colour, so that a head that moves carries no fringe. Drawing it through the matte over the
 * background gives the picture again. The colour F minimises |I − αF − (1 − α)B|² + λ|F − F₀|², F₀ being the mean colour of the
 * person nearby (a local form of Germer et al., "Fast Multi-Level Foreground Estimation", 2020).
 * @param matte Coverage of the person, 0..255, one byte a pixel.
 * @param background The picture without the person, RGB.
 */
export function separateForeground(image: RgbImage, matte: Uint8Array, background: Uint8Array): Uint8Array {
  const radius = Math.ceil(Math.min(image.width, image.height) * REACH);
  const solid = new Float32Array(matte.length);
  for (let pixel = 0; pixel < solid.length; pixel++) {
    solid[pixel] = matte[pixel]! >= SOLID ? 1 : 0;
  }
  const solidShare = boxMean(solid, image, radius);
  const foreground = new Uint8Array(image.data);
  const colours = new Float32Array(matte.length);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < colours.length; pixel++) {
      colours[pixel] = solid[pixel]! * image.data[3 * pixel + channel]!;
    }
    const sums = boxMean(colours, image, radius);
    for (let pixel = 0; pixel < matte.length; pixel++) {
      if (matte[pixel]! < SOLID) {
        const index = 3 * pixel + channel;
        const alpha = matte[pixel]! / 255;
        const share = solidShare[pixel]!;
        const nearby = share > LEAST_SHARE ? sums[pixel]! / share : image.data[index]!;
        const unexplained = image.data[index]! - alpha * nearby - (1 - alpha) * background[index]!;
        foreground[index] = Math.max(0, Math.min(255, Math.round(nearby + unexplained * alpha / (alpha * alpha + TRUST_IN_SURROUNDINGS))));
      }
    }
  }
  return foreground;
}
