import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { OFFICIAL_WIDTHS } from '../../src/models/network-widths.ts';
import { type TensorCatalogue, mainCatalogue, mappingCatalogue } from '../../src/models/tensor-catalogue.ts';
import { MINI_WIDTHS } from './mini-widths.ts';

type Shapes = Readonly<Record<string, readonly number[]>>;
const shapes = JSON.parse(readFileSync(new URL('./fixtures/tensor-shapes.json', import.meta.url), 'utf8')) as { main: Shapes; mapping: Shapes; mini: Shapes };

const shapesOf = (catalogue: TensorCatalogue): Shapes => Object.fromEntries([...catalogue].map(([name, { shape }]) => [name, shape]));

it('names every tensor of the official main checkpoint with its shape, and no other', () => {
  const found = shapesOf(mainCatalogue(OFFICIAL_WIDTHS));
  assert.equal(Object.keys(found).length, 1305);
  assert.deepEqual(found, shapes.main);
});

it('names every tensor of the official mapping checkpoint', () => {
  assert.deepEqual(shapesOf(mappingCatalogue(OFFICIAL_WIDTHS, 70)), shapes.mapping);
  assert.deepEqual(mappingCatalogue(OFFICIAL_WIDTHS, 73).get('mapping.first.0.weight')?.shape, [1024, 73, 7]);
});

it('follows the widths', () => {
  const found = shapesOf(mainCatalogue(MINI_WIDTHS));
  assert.deepEqual(Object.fromEntries(Object.keys(shapes.mini).map((name) => [name, found[name]])), shapes.mini);
});

it('tells what a graph needs from what only training needs', () => {
  const catalogue = mainCatalogue(OFFICIAL_WIDTHS);
  assert.equal(catalogue.get('audio2pose.netG.decoder.MLP.L0.weight')?.needed, true);
  assert.equal(catalogue.get('audio2pose.netG.encoder.MLP.L0.weight')?.needed, false);
  assert.equal(catalogue.get('generator.first.norm.num_batches_tracked')?.needed, false);
});
