import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { faceFrame } from '../../src/render/face-frame.ts';
import { mouthShape } from '../../src/render/mouth-shape.ts';
import { personTones } from '../../src/render/person-tones.ts';
import { luminanceOf, skinColour } from '../../src/render/photo-luma.ts';
import { teethColour } from '../../src/render/teeth-colour.ts';
import { builtInPortrait } from './portraits.ts';

function colourOf(avatar: Avatar): [number, number, number] {
  const frame = faceFrame(avatar.landmarks);
  return teethColour(avatar, { frame, mouth: mouthShape(avatar, frame), skin: skinColour(avatar), tones: personTones(avatar) });
}

function darker(avatar: Avatar, factor: number): Avatar {
  return { ...avatar, image: avatar.image.map((value) => value * factor) };
}

const astronaut = await builtInPortrait('astronaut');
const hopper = await builtInPortrait('hopper');

await test('teeth that the photo shows give their own colour: bright and hardly red', () => {
  const [r, g, b] = colourOf(astronaut);
  assert.ok(luminanceOf([r, g, b]) > 195 && r - g < 30 && r > b, `${r}, ${g}, ${b}`);
});

await test('teeth made up for a photo without colours have none', () => {
  const image = hopper.image.map((_, at) => luminanceOf(hopper.image, at - (at % 3)));
  const [r, g, b] = colourOf({ ...hopper, image });
  assert.ok(Math.abs(r - g) < 2 && Math.abs(g - b) < 2, `${r}, ${g}, ${b}`);
});

for (const [name, avatar] of [['shown', astronaut], ['made up', hopper]] as const) {
  await test(`teeth that are ${name} darken with the photo`, () => {
    const full = luminanceOf(colourOf(avatar));
    const dark = luminanceOf(colourOf(darker(avatar, 0.35)));
    assert.ok(dark < 0.5 * full, `${dark} in the dark, ${full} in the light`);
  });
}
