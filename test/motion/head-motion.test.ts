import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadMotion } from '../../src/motion/head-motion.ts';
import { Prosody } from '../../src/motion/prosody.ts';
import { Random } from '../../src/motion/random.ts';

test('a head without liveliness only breathes', () => {
  const head = new HeadMotion(new Random(1), 0);
  const poses = Array.from({ length: 500 }, () => head.next(new Prosody(), 'idle'));
  assert.ok(poses.every((pose) => Math.abs(pose.yawDeg) === 0 && Math.abs(pose.rollDeg) === 0 && pose.xMm === 0));
  assert.ok(Math.min(...poses.map((pose) => pose.yMm)) < -0.7);
});

test('a stressed syllable makes the head nod: it moves within 120 ms and is back after a second', () => {
  const prosody = new Prosody();
  const [struck, calm] = [new HeadMotion(new Random(6), 1), new HeadMotion(new Random(6), 1)];
  // Both draw the same numbers at first; only the struck one hears an accent.
  prosody.accent = 1;
  const differences = [Math.abs(struck.next(prosody, 'idle').pitchDeg - calm.next(new Prosody(), 'idle').pitchDeg)];
  for (let frame = 1; frame < 26; frame++) {
    differences.push(Math.abs(struck.next(new Prosody(), 'idle').pitchDeg - calm.next(new Prosody(), 'idle').pitchDeg));
  }
  assert.ok(differences[3]! > 0.5, `after 120 ms ${differences[3]}°`);
  assert.ok(Math.max(...differences) > 0.8 && Math.max(...differences) < 3.5);
  assert.ok(differences[25]! < 0.3, `after a second ${differences[25]}°`);
});

test('every pose is an object of its own', () => {
  const head = new HeadMotion(new Random(1), 1);
  assert.notEqual(head.next(new Prosody(), 'idle'), head.next(new Prosody(), 'idle'));
});
