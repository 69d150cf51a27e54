import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DirtyCells } from '../../src/render/dirty-cells.ts';

const grid = { width: 32, height: 16, cellPx: 4, columns: 9, rows: 5 };

function spansOf(cells: DirtyCells): number[][] {
  const spans = new Int32Array(12);
  const count = cells.write(spans);
  return Array.from({ length: count }, (_, index) => [...spans.subarray(index * 3, index * 3 + 3)]);
}

await test('a moved node where the person is or was marks the cells around it, a moved node of the background none', () => {
  const cells = new DirtyCells(grid);
  const values = new Float32Array(grid.columns * grid.rows * 2);
  const offsets = { values, columns: 9, rows: 5, leftPx: 0, topPx: 0, cellPx: 4 };
  const person = new Uint8Array(grid.columns * grid.rows);
  const nodes = Array.from({ length: 5 }, (_, row) => ({ row, first: 0, end: 9 }));
  values[(2 * 9 + 3) * 2] = 5;
  cells.addMoved(offsets, nodes, person);
  assert.deepEqual(spansOf(cells), []);
  person[2 * 9 + 4] = 1;
  cells.addMoved(offsets, nodes, person);
  assert.deepEqual(spansOf(cells), [[1, 2, 4], [2, 2, 4]]);
  person[2 * 9 + 4] = 0;
  person[2 * 9 + 3] = 1;
  cells.clear();
  cells.addMoved(offsets, nodes, person);
  assert.deepEqual(spansOf(cells), [[1, 2, 4], [2, 2, 4]], 'the person moved away: the background must be drawn');
});

await test('what one frame drew is drawn over in the next', () => {
  const now = new DirtyCells(grid);
  const before = new DirtyCells(grid);
  now.addBox({ left: 0, top: 0, right: 5, bottom: 4 });
  before.addBox({ left: 20, top: 0, right: 24, bottom: 6 });
  before.add(now);
  assert.deepEqual(spansOf(before), [[0, 0, 6], [1, 5, 6]]);
  before.copy(now);
  assert.deepEqual(spansOf(before), [[0, 0, 2]]);
});

await test('boxes beyond the picture are held to it', () => {
  const cells = new DirtyCells(grid);
  cells.addBox({ left: -40, top: -9, right: 500, bottom: 99 });
  assert.deepEqual(spansOf(cells), [[0, 0, 8], [1, 0, 8], [2, 0, 8], [3, 0, 8]]);
});
