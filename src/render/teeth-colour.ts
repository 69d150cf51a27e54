import type { Avatar } from '../avatars/avatar.ts';
import { heightAt } from './curve.ts';
import { xOf, yOf, type FaceFrame } from './face-frame.ts';
import type { MouthShape } from './mouth-shape.ts';
import type { PersonTones } from './person-tones.ts';
import { colouring, luminanceOf } from './photo-luma.ts';
import { clamp } from './shaping.ts';

const TEETH_RGB = [232, 215, 190] as const;

/** Teeth take up so much of the skin's colour: that of the light. */
const SKIN_SHARE = 0.2;

/** Teeth that the photo shows are looked at this far inside their edges, and in the middle half of the mouth. */
const INSIDE_MM = 1;
const STEP_MM = 0.5;

/** How bright teeth are against the brightest of the person at most. */
const BRIGHTEST = 0.95;

/** What the light of a photo is judged by. */
export interface TeethLight {
  readonly skin: readonly [number, number, number];
  readonly tones: PersonTones;
}

/** Returns the colour of teeth in full view, R, G, B: of those that the photo shows, or such as fit its light. */
export function teethColour(avatar: Avatar, face: TeethLight & { readonly frame: FaceFrame; readonly mouth: MouthShape }): [number, number, number] {
  return (face.mouth.ownTeeth ? shownTeeth(avatar, face.frame, face.mouth) : undefined) ?? fittingTeeth(face);
}

/** The brighter half of what lies between the upper lip and the teeth's edge: the rest is gaps and shade. */
function shownTeeth(avatar: Avatar, frame: FaceFrame, mouth: MouthShape): [number, number, number] | undefined {
  const colours: [number, number, number][] = [];
  for (let u = mouth.centreMm - mouth.halfWidthMm / 2; u < mouth.centreMm + mouth.halfWidthMm / 2; u += STEP_MM) {
    for (let v = heightAt(mouth.upper, u) + INSIDE_MM; v < heightAt(mouth.teeth, u) - INSIDE_MM; v += STEP_MM) {
      const at = 3 * (clamp(Math.round(yOf(frame, u, v)), 0, avatar.height - 1) * avatar.width + clamp(Math.round(xOf(frame, u, v)), 0, avatar.width - 1));
      colours.push([avatar.image[at]!, avatar.image[at + 1]!, avatar.image[at + 2]!]);
    }
  }
  const bright = colours.sort((a, b) => luminanceOf(b) - luminanceOf(a)).slice(0, Math.ceil(colours.length / 2));
  const mean = (channel: 0 | 1 | 2): number => bright.reduce((sum, colour) => sum + colour[channel], 0) / bright.length;
  return bright.length === 0 ? undefined : [mean(0), mean(1), mean(2)];
}

/** Teeth in a dark photo are darker than its skin alone would make them, and never brighter than the brightest of the person. */
function fittingTeeth({ skin, tones }: TeethLight): [number, number, number] {
  const luminance = luminanceOf(skin);
  const light = clamp(luminance / 190, 0.95, 1.15) * clamp(0.55 + luminance / 330, 0.6, 1);
  const grey = luminanceOf(TEETH_RGB);
  const colour = colouring(skin);
  const mixed = TEETH_RGB.map((value, index) => ((1 - SKIN_SHARE) * (grey + (value - grey) * colour) + SKIN_SHARE * skin[index]!) * light) as [number, number, number];
  const most = Math.min(1, (BRIGHTEST * tones.bright) / luminanceOf(mixed));
  return [mixed[0] * most, mixed[1] * most, mixed[2] * most];
}
