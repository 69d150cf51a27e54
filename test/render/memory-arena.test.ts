import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError } from '../../src/base/errors.ts';
import { MemoryArena } from '../../src/render/memory-arena.ts';

await test('blocks are aligned, apart from one another, and reused once given back', () => {
  const arena = new MemoryArena();
  const blocks = [100, 17, 70_000, 1].map((bytes) => arena.take(bytes));
  blocks.sort((a, b) => a.offset - b.offset).forEach((block, index) => {
    assert.equal(block.offset % 16, 0);
    const next = blocks[index + 1];
    assert.ok(next === undefined || block.offset + block.bytes <= next.offset);
  });
  const size = arena.memory.buffer.byteLength;
  blocks.forEach((block) => { arena.give(block); });
  assert.equal(arena.freeBytes, size - 16, 'all is one free run again');
  assert.equal(arena.take(size - 16).offset, 16);
});

await test('views made before the memory grows stay valid', () => {
  const arena = new MemoryArena();
  const block = arena.take(64);
  const view = new Uint8Array(arena.memory.buffer, block.offset, 64).fill(9);
  arena.take(1_000_000);
  new Uint8Array(arena.memory.buffer, block.offset, 64)[3] = 77;
  assert.equal(view[3], 77);
});

await test('a block that does not fit, or no size at all, is refused', () => {
  const arena = new MemoryArena();
  assert.throws(() => arena.take(2 ** 31), InvalidStateError);
  assert.throws(() => arena.take(0), TypeError);
  assert.throws(() => arena.take(1.5), TypeError);
});
