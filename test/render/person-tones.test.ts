import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { personTones } from '../../src/render/person-tones.ts';

/** A person of the given greys, a pixel each, before a white background as large. */
function personOf(greys: readonly number[]): Avatar {
  const image = Uint8Array.from([...greys, ...greys.map(() => 255)].flatMap((grey) => [grey, grey, grey]));
  return { image, matte: Uint8Array.from(greys.map(() => 255).concat(greys.map(() => 0))) } as unknown as Avatar;
}

await test('a few pixels that are darker or brighter than all others do not count', () => {
  const greys = Array.from({ length: 1000 }, (_, index) => 40 + (index % 121));
  greys.splice(0, 4, 0, 0, 0, 0);
  greys.splice(10, 15, ...Array.from({ length: 15 }, () => 250));
  const { dark, bright } = personTones(personOf(greys));
  assert.ok(dark >= 40 && dark <= 41, `dark ${dark}`);
  assert.ok(bright >= 158 && bright <= 160, `bright ${bright}`);
});

await test('the background does not count, and a picture without a person has all tones', () => {
  assert.deepEqual(personTones(personOf(Array.from({ length: 50 }, () => 100))), { dark: 100, bright: 100 });
  assert.deepEqual(personTones(personOf([])), { dark: 0, bright: 255 });
});
