import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { test } from 'node:test';

test('on a machine of 128 cores both packs use as many threads as they take, and start', async () => {
  os.availableParallelism = () => 128;
  syncBuiltinESMExports();
  const { MOST_RENDER_THREADS, WARP_RENDERER_DEFAULTS } = await import('../../src/render/warp-renderer.ts');
  assert.equal(WARP_RENDERER_DEFAULTS.threads, MOST_RENDER_THREADS);
  const { NEURAL_RENDERER_DEFAULTS, checkOptions } = await import('../../src/render/sadtalker/neural-renderer-options.ts');
  const graphs = { portrait: '', mapping: '', render: '' };
  checkOptions({ ...NEURAL_RENDERER_DEFAULTS, graphs: { cpu: graphs, cuda: graphs } });
});
