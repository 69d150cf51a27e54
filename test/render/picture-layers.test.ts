import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAD_PX, blueOf, foregroundBytes, lumaOf, packForeground, redOf } from '../../src/render/picture-layers.ts';
import { inSteps } from '../../src/render/steps.ts';
import { builtInPortrait } from './portraits.ts';

await test('colours turn into BT.601 limited range', () => {
  for (const [rgb, yuv] of [
    [[0, 0, 0], [16, 128, 128]], [[255, 255, 255], [235, 128, 128]], [[255, 0, 0], [81, 90, 240]], [[0, 255, 0], [145, 54, 34]], [[0, 0, 255], [41, 240, 110]],
  ] as const) {
    const [r, g, b] = rgb;
    assert.deepEqual([lumaOf(r, g, b), blueOf(r, g, b), redOf(r, g, b)].map(Math.round), [...yuv], `${r}, ${g}, ${b}`);
  }
});

await test('the packed person is premultiplied and mirrored beyond the borders', async () => {
  const avatar = await builtInPortrait('hopper');
  const packed = new Uint8Array(foregroundBytes(avatar.width, avatar.height));
  await inSteps(packForeground(avatar, packed));
  const stride = (avatar.width + 2 * PAD_PX) * 4;
  const at = (x: number, y: number): number[] => [...packed.subarray((y + PAD_PX) * stride + (x + PAD_PX) * 4, (y + PAD_PX) * stride + (x + PAD_PX) * 4 + 4)];
  assert.deepEqual(at(-5, -7), at(5, 7));
  assert.deepEqual(at(avatar.width + 3, avatar.height + 2), at(avatar.width - 5, avatar.height - 4));
  assert.deepEqual(at(2, 2), [0, 0, 0, 0], 'nothing of the person in the corner');
  assert.equal(at(250, 480)[3], 255);
});
