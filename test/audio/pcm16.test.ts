import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pcm16ToFloat } from '../../src/audio/pcm16.ts';

test('samples are read little-endian, also from an odd address', () => {
  const bytes = Uint8Array.of(9, 0x00, 0x80, 0xff, 0x7f, 0x00, 0x00, 0x00, 0x40);
  assert.deepEqual([...pcm16ToFloat(bytes.subarray(1))], [-1, 32_767 / 32_768, 0, 0.5]);
  assert.equal(pcm16ToFloat(new Uint8Array(0)).length, 0);
});

test('half a sample is refused', () => {
  assert.throws(() => pcm16ToFloat(new Uint8Array(3)), { code: 'odd_byte_count' });
});
