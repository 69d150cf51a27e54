import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { curveThrough, heightAt } from '../../src/render/curve.ts';
import { faceFrame, vOf } from '../../src/render/face-frame.ts';
import { snapToRed } from '../../src/render/red-edge.ts';
import { builtInPortrait } from './portraits.ts';

const astronaut = await builtInPortrait('astronaut');
const frame = faceFrame(astronaut.landmarks);

const LIP = [190, 110, 110] as const;
const TEETH = [235, 228, 210] as const;
const DARK = [30, 16, 14] as const;

/** The portrait painted over: one colour above a height, another below it. */
function painted(above: readonly [number, number, number], below: readonly [number, number, number], edgeMm: number): Avatar {
  const image = new Uint8Array(astronaut.image.length);
  for (let y = 0; y < astronaut.height; y += 1) {
    for (let x = 0; x < astronaut.width; x += 1) {
      image.set(vOf(frame, x, y) < edgeMm ? above : below, (y * astronaut.width + x) * 3);
    }
  }
  return { ...astronaut, image };
}

const mesh = curveThrough([{ u: -20, v: 0 }, { u: 20, v: 0 }]);
const reach = { from: -2, to: 2 };

for (const [name, inside] of [['teeth', TEETH], ['the dark', DARK]] as const) {
  await test(`a lip above ${name} ends where its red does, and so does one below`, () => {
    const upper = snapToRed(painted(LIP, inside, 1.4), frame, mesh, { lipBelow: false, reach });
    assert.ok(Math.abs(heightAt(upper, 0) - 1.4) < 0.4, `upper lip ends at ${heightAt(upper, 0)} instead of 1.4`);
    const lower = snapToRed(painted(inside, LIP, -1.2), frame, mesh, { lipBelow: true, reach });
    assert.ok(Math.abs(heightAt(lower, 0) + 1.2) < 0.4, `lower lip begins at ${heightAt(lower, 0)} instead of −1.2`);
  });
}

await test('a photo without colour leaves the mesh\'s edge', () => {
  const grey = snapToRed(painted([140, 140, 140], [230, 230, 230], 1.4), frame, mesh, { lipBelow: false, reach });
  assert.ok(Math.abs(heightAt(grey, 0)) < 0.01);
});

await test('an edge of the other kind, from teeth to a lip, is not taken for one from a lip to teeth', () => {
  const edge = snapToRed(painted(TEETH, LIP, 1.4), frame, mesh, { lipBelow: false, reach });
  assert.ok(heightAt(edge, 0) < 0.6, `${heightAt(edge, 0)} mm`);
});

await test('the corners stay where they are', () => {
  const upper = snapToRed(painted(LIP, TEETH, 1.4), frame, mesh, { lipBelow: false, reach });
  assert.ok(Math.abs(heightAt(upper, -20)) < 0.01 && Math.abs(heightAt(upper, 20)) < 0.01);
});
