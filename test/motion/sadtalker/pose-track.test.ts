import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PoseTrack } from '../../../src/motion/sadtalker/pose-track.ts';
import { Random } from '../../../src/motion/random.ts';
import { smoothPose } from './smooth-pose.ts';

const reference = Float32Array.of(1, 2, 3, 4, 5, 6);

function motions(rows: number): Float32Array {
  const random = new Random(rows);
  return Float32Array.from({ length: rows * 6 }, () => random.between(-1, 1));
}

function poses(track: PoseTrack, row: number): number[] {
  return [...track.poses.subarray(track.offset(row), track.offset(row) + 6)];
}

it('smooths row by row as the whole track is smoothed, for any length', () => {
  for (const rows of [1, 2, 3, 9, 12, 13, 14, 40, 400]) {
    const motion = motions(rows);
    const expected = smoothPose(motion.map((value, i) => reference[i % 6]! + value), 6);
    const track = new PoseTrack({ reference, start: 'fitted' });
    let compared = 0;
    const compare = (): void => {
      for (; compared < track.rows; compared++) {
        assert.deepEqual(poses(track, compared), [...expected.subarray(compared * 6, compared * 6 + 6)], `row ${compared} of ${rows}`);
      }
    };
    for (let row = 0; row < rows; row++) {
      track.write(row, motion, { from: row * 6, share: 1 });
      track.settle(row + 1);
      compare();
    }
    assert.equal(compared, rows < 13 ? 0 : rows - 6);
    track.finish();
    compare();
    assert.equal(compared, rows);
  }
});

it('begins from the portrait\'s pose where it is held: a head that does not move at first is not moved by what follows', () => {
  const track = new PoseTrack({ reference, start: 'held' });
  const motion = new Float32Array(40 * 6).fill(1, 10 * 6);
  for (let row = 0; row < 40; row++) {
    track.write(row, motion, { from: row * 6, share: 1 });
  }
  track.settle(40);
  for (let row = 0; row < 4; row++) {
    assert.deepEqual(poses(track, row), [...reference]);
  }
});

it('writes a share of a row over what it was', () => {
  const track = new PoseTrack({ reference, start: 'held' });
  track.write(0, Float32Array.of(8, 8, 8, 8, 8, 8), { from: 0, share: 0.25 });
  track.write(0, Float32Array.of(0, 0, 0, 0, 0, 0), { from: 0, share: 0.5 });
  for (let row = 1; row < 20; row++) {
    track.write(row, Float32Array.of(1, 1, 1, 1, 1, 1), { from: 0, share: 1 });
  }
  track.settle(20);
  // Row 0 is (1 · 0.75 + 9 · 0.25) · 0.5 + 1 · 0.5 = 2 like all after it, so row 6, which sees rows 0 to 12, is 2 as well.
  assert.ok(Math.abs(poses(track, 6)[0]! - 2) < 1e-6);
});

it('adds another head\'s motion after smoothing, over and over', () => {
  const added = Float32Array.of(5, 5, 5, 5, 5, 5, 6, 7, 8, 9, 10, 11);
  const track = new PoseTrack({ reference, start: 'held', added });
  const still = new Float32Array(6);
  for (let row = 0; row < 30; row++) {
    track.write(row, still, { from: 0, share: 1 });
  }
  track.settle(30);
  assert.deepEqual([poses(track, 0), poses(track, 1), poses(track, 2), poses(track, 3)], [[...reference], [2, 4, 6, 8, 10, 12], [...reference], [2, 4, 6, 8, 10, 12]]);
});
