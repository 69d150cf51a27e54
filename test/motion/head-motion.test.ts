import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadMotion, type HeadStyle } from '../../src/motion/head-motion.ts';
import { Prosody } from '../../src/motion/prosody.ts';
import { Random } from '../../src/motion/random.ts';

test('a head without liveliness only breathes', () => {
  const head = new HeadMotion(new Random(1), { liveliness: 0, style: 'lively' });
  const poses = Array.from({ length: 500 }, () => head.next(new Prosody(), 'idle'));
  assert.ok(poses.every((pose) => Math.abs(pose.yawDeg) === 0 && Math.abs(pose.rollDeg) === 0 && pose.xMm === 0));
  assert.ok(Math.min(...poses.map((pose) => pose.yMm)) < -0.7);
});

test('a stressed syllable makes the head nod: it moves within 120 ms and is back after a second', () => {
  const prosody = new Prosody();
  const [struck, calm] = [new HeadMotion(new Random(6), { liveliness: 1, style: 'lively' }), new HeadMotion(new Random(6), { liveliness: 1, style: 'lively' })];
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
  const head = new HeadMotion(new Random(1), { liveliness: 1, style: 'lively' });
  assert.notEqual(head.next(new Prosody(), 'idle'), head.next(new Prosody(), 'idle'));
});

test('a presenter moves more than a lively head, and that more than a calm one; another style is refused', () => {
  const spread = (style: HeadStyle): number => {
    const head = new HeadMotion(new Random(3), { liveliness: 1, style });
    const prosody = new Prosody();
    prosody.speaking = true;
    const yaws = Array.from({ length: 2500 }, () => head.next(prosody, 'speaking').yawDeg);
    return Math.sqrt(yaws.reduce((sum, yaw) => sum + yaw * yaw, 0) / yaws.length);
  };
  const [calm, lively, presenter] = [spread('calm'), spread('lively'), spread('presenter')];
  assert.ok(calm < 0.85 * lively && presenter > 1.1 * lively, `yaw ${calm}°, ${lively}°, ${presenter}°`);
  assert.throws(() => new HeadMotion(new Random(1), { liveliness: 1, style: 'wild' as HeadStyle }), TypeError);
});
