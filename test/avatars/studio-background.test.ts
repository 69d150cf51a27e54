import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeStudioBackground } from '../../src/avatars/studio-background.ts';

test('the wall is light in the middle, darker in the corners and changes softly', () => {
  const wall = makeStudioBackground({ width: 64, height: 48 });
  assert.equal(wall.length, 64 * 48 * 3);
  const at = (x: number, y: number): number => wall[3 * (y * 64 + x)]!;
  assert.ok(at(32, 20) > 200 && at(63, 47) < 140, `${at(32, 20)} and ${at(63, 47)}`);
  for (let x = 1; x < 64; x++) {
    assert.ok(Math.abs(at(x, 20) - at(x - 1, 20)) < 8, `a step at column ${x}`);
  }
});
