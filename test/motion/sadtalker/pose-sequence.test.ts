import assert from 'node:assert/strict';
import { it } from 'node:test';
import { assemblePoses, poseChunks } from './pose-sequence.ts';

it('covers every frame but the first exactly once', () => {
  for (const frames of [1, 2, 20, 32, 33, 34, 65, 76, 100]) {
    const covered = poseChunks(frames).flatMap(({ firstKept, frame }) => Array.from({ length: 32 - firstKept }, (_, i) => frame + i));
    assert.deepEqual(covered, Array.from({ length: frames - 1 }, (_, i) => i + 1), `${frames} frames`);
  }
});

it('takes the last 32 windows for what remains, and repeats the first where there are fewer', () => {
  assert.deepEqual(poseChunks(76)[2]?.windows, Array.from({ length: 32 }, (_, i) => 44 + i));
  const [only] = poseChunks(5);
  assert.deepEqual(only?.windows, [...Array.from({ length: 29 }, () => 1), 2, 3, 4]);
  assert.equal(only.firstKept, 28);
});

it('adds motion to the portrait pose and leaves frame 0 still', () => {
  const reference = Float32Array.of(1, 2, 3, 4, 5, 6);
  const [chunk] = poseChunks(3);
  const poses = assemblePoses(reference, 3, chunk === undefined ? [] : [{ chunk, motion: Float32Array.from({ length: 192 }, (_, i) => i) }]);
  assert.deepEqual([...poses], [...reference, 181, 183, 185, 187, 189, 191, 187, 189, 191, 193, 195, 197]);
});
