import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError } from '../../src/base/errors.ts';
import type { MemoryBlock } from '../../src/render/memory-arena.ts';
import { inSteps } from '../../src/render/steps.ts';
import { WarpFace } from '../../src/render/warp-face.ts';
import { WarpKernel } from '../../src/render/warp-kernel.ts';
import { builtInPortrait } from './portraits.ts';

await test('a face that finds the memory full, at whichever block, holds none of it', async (context) => {
  const avatar = await builtInPortrait('hopper');
  const kernel = await WarpKernel.load();
  const { arena } = kernel;
  const held = new Set<MemoryBlock>();
  let left = 0;
  const [take, give] = [arena.take.bind(arena), arena.give.bind(arena)];
  context.mock.method(arena, 'take', (bytes: number) => {
    if (left === 0) {
      throw new InvalidStateError('full');
    }
    left -= 1;
    const block = take(bytes);
    held.add(block);
    return block;
  });
  context.mock.method(arena, 'give', (block: MemoryBlock) => {
    held.delete(block);
    give(block);
  });
  let blocks = 0;
  for (let full = true; full; blocks += 1) {
    left = blocks;
    const opened = await inSteps(WarpFace.open(kernel, avatar)).catch((error: unknown) => {
      assert.ok(error instanceof InvalidStateError);
      return undefined;
    });
    full = opened === undefined;
    opened?.close();
    assert.equal(held.size, 0, `after ${blocks} blocks`);
  }
  assert.ok(blocks > 3, `${blocks - 1} blocks make a face`);
});
