import type { Avatar } from '../avatars/avatar.ts';
import { luminanceOf } from './photo-luma.ts';

/** Coverage from which on a pixel shows the person. */
const PERSON_COVERAGE = 200;

/** Shares of the person's pixels that are darker than its dark tone and brighter than its bright one: pupils and glare. */
const DARKER_SHARE = 0.005;
const BRIGHTER_SHARE = 0.02;

/** How dark and how bright a person is in a photo: luminances, 0 to 255. */
export interface PersonTones {
  readonly dark: number;
  readonly bright: number;
}

/** Measures a person's darkest and brightest tones; a picture without a person has all there are. */
export function personTones(avatar: Avatar): PersonTones {
  const counts = new Uint32Array(256);
  let all = 0;
  for (let pixel = 0; pixel < avatar.matte.length; pixel += 1) {
    if (avatar.matte[pixel]! > PERSON_COVERAGE) {
      counts[Math.round(luminanceOf(avatar.image, 3 * pixel))]! += 1;
      all += 1;
    }
  }
  return { dark: toneAfter(counts, DARKER_SHARE * all), bright: 255 - toneAfter(counts.toReversed(), BRIGHTER_SHARE * all) };
}

/** Returns the tone at which so many pixels have been counted. */
function toneAfter(counts: Uint32Array, pixels: number): number {
  let tone = 0;
  for (let counted = counts[0]!; tone < 255 && counted <= pixels; counted += counts[tone]!) {
    tone += 1;
  }
  return pixels === 0 ? 0 : tone;
}
