import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import { PackSeats } from '../../src/packs/pack-seats.ts';

const isOverloaded = (error: unknown): boolean => error instanceof AvatarError && error.code === 'overloaded';

test('a pack lets in as many faces as it can draw, and another when one has left', () => {
  const seats = new PackSeats();
  const pack = { name: 'sadtalker', seats: 2 } as const;
  const leave = seats.take(pack);
  seats.take(pack);
  assert.throws(() => seats.take(pack), isOverloaded);
  leave();
  leave();
  seats.take(pack);
  assert.throws(() => seats.take(pack), isOverloaded, 'a seat given back twice counts once');
});

test('packs do not take seats from one another', () => {
  const seats = new PackSeats();
  seats.take({ name: 'sadtalker', seats: 1 });
  for (let face = 0; face < 100; face++) {
    seats.take({ name: 'built-in', seats: Infinity });
  }
});
