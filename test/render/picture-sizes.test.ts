import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSteps } from '../../src/render/steps.ts';
import { WarpFace } from '../../src/render/warp-face.ts';
import { WarpKernel } from '../../src/render/warp-kernel.ts';
import { WarpPainter } from '../../src/render/warp-painter.ts';
import { enlargedAvatar } from './enlarged-avatar.ts';
import { builtInPortrait, motionOf } from './portraits.ts';

const hopper = await builtInPortrait('hopper');
const kernel = await WarpKernel.load();

function lumaOf(face: WarpFace, motion: ReturnType<typeof motionOf>): Uint8Array {
  const painter = new WarpPainter(face, 1);
  painter.draw(motion, 0);
  const luma = painter.picture(0).slice(0, face.width * face.height);
  painter.close();
  return luma;
}

for (const [factor, cellPx] of [[1.40625, 4], [1.875, 8], [1.03, 4]] as const) {
  await test(`a picture ${factor} times as large shows the same face on a grid of ${cellPx} pixels`, async () => {
    const small = await inSteps(WarpFace.open(kernel, hopper));
    const large = await inSteps(WarpFace.open(kernel, await enlargedAvatar(hopper, factor)));
    assert.equal(large.grid.cellPx, cellPx);
    const motion = motionOf({ jaw: 10, stretch: 0.5, blinkLeft: 0.8 }, { yawDeg: 6, rollDeg: -4 });
    const [a, b] = [lumaOf(small, motion), lumaOf(large, motion)];
    let sum = 0;
    let count = 0;
    for (let y = 8; y < small.height - 8; y += 2) {
      for (let x = 8; x < small.width - 8; x += 2) {
        const near = Math.round(y * large.height / small.height) * large.width + Math.round(x * large.width / small.width);
        sum += Math.abs(a[y * small.width + x]! - b[near]!);
        count += 1;
      }
    }
    assert.ok(sum / count < 6, `mean difference of luma ${sum / count}`);
    large.close();
    small.close();
  });
}
