import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/motion/random.ts';
import { SlowNoise } from '../../src/motion/slow-noise.ts';

test('slow noise stays within −1..1, uses most of it, and never steps more than its highest frequency allows', () => {
  const noise = new SlowNoise(new Random(3), 0.1);
  const values = Array.from({ length: 25 * 120 }, () => noise.next());
  assert.ok(Math.max(...values) > 0.6 && Math.max(...values) <= 1);
  assert.ok(Math.min(...values) < -0.6 && Math.min(...values) >= -1);
  const most = 2 * Math.PI * 0.1 * 1.1 * 0.04 * (0.5 + 0.32 * 1.618 + 0.18 * 2.718);
  assert.ok(values.every((value, i) => i === 0 || Math.abs(value - values[i - 1]!) <= most));
});
