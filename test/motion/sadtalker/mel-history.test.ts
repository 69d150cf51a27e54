import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MelHistory } from '../../../src/motion/sadtalker/mel-history.ts';

const window = (value: number): Float32Array => new Float32Array(1280).fill(value);

/** The one value of each of the 32 windows. */
function slots({ values }: MelHistory): number[] {
  return Array.from({ length: 32 }, (_, slot) => {
    const slice = new Set(values.subarray(slot * 1280, (slot + 1) * 1280));
    assert.equal(slice.size, 1);
    return [...slice][0]!;
  });
}

it('holds the last 32 windows, oldest first, and repeats the first where there were fewer', () => {
  const history = new MelHistory();
  history.push(window(1));
  assert.deepEqual(slots(history), Array.from({ length: 32 }, () => 1));
  history.push(window(2));
  history.push(window(3));
  assert.deepEqual(slots(history), [...Array.from({ length: 30 }, () => 1), 2, 3]);
  for (let value = 4; value <= 50; value++) {
    history.push(window(value));
  }
  assert.deepEqual(slots(history), Array.from({ length: 32 }, (_, i) => 19 + i));
});

it('hears an idle frame as zeros', () => {
  const history = new MelHistory();
  history.push(undefined);
  history.push(window(-4));
  history.push(undefined);
  assert.deepEqual(slots(history), [...Array.from({ length: 30 }, () => 0), -4, 0]);
});
