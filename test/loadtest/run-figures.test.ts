import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySlope } from '../../loadtest/run-figures.ts';

/** Half an hour of a memory that rises by 60 MB and falls again every seven minutes, beside what it keeps. */
function sawtooth(keptMbPer10Minutes: number): { atMs: number; residentMb: number }[] {
  return Array.from({ length: 361 }, (_, index) => {
    const atMs = index * 5000;
    return { atMs, residentMb: 400 + 60 * ((atMs % 420_000) / 420_000) + (keptMbPer10Minutes * atMs) / 600_000 };
  });
}

test('memory that is collected again does not count as growth, wherever the run ends', () => {
  for (const end of [300, 330, 361]) {
    assert.ok(Math.abs(memorySlope(sawtooth(0).slice(0, end))) < 0.5, String(end));
  }
});

test('memory that is kept counts as growth', () => {
  assert.ok(Math.abs(memorySlope(sawtooth(20)) - 20) < 3, String(memorySlope(sawtooth(20))));
});
