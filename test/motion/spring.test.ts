import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FadingPulse, Spring } from '../../src/motion/spring.ts';

test('a spring reaches its goal without overshoot, nine tenths of the way after 3.9 / rate seconds', () => {
  const spring = new Spring();
  const values = Array.from({ length: 60 }, () => spring.toward(1, 6));
  assert.ok(values.every((value, i) => value <= 1 && value >= (values[i - 1] ?? 0)));
  assert.ok(Math.abs(values[Math.round(3.9 / 6 / 0.04) - 1]! - 0.9) < 0.02);
});

test('a spring gives the closed solution 1 − (1 + rate·t)·e^(−rate·t), whatever the frame', () => {
  const spring = new Spring();
  for (let frame = 1; frame <= 20; frame++) {
    const t = 5 * frame * 0.04;
    assert.ok(Math.abs(spring.toward(1, 5) - (1 - (1 + t) * Math.exp(-t))) < 1e-12);
  }
});

test('a pulse starts at its height and falls to 37 % in its time', () => {
  const pulse = new FadingPulse(0.2);
  assert.equal(pulse.next(), 0);
  pulse.strike(-2);
  const values = Array.from({ length: 6 }, () => pulse.next());
  assert.equal(values[0], -2);
  assert.ok(Math.abs(values[5]! + 2 * Math.exp(-1)) < 1e-12);
});
