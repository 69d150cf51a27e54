import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const LOADTEST = fileURLToPath(new URL('../../loadtest/loadtest.ts', import.meta.url));

interface Outcome { readonly status: number; readonly figures: Record<string, unknown> & { readonly missed: readonly string[]; readonly failures: readonly string[] }; readonly stderr: string }

async function loadtest(...options: string[]): Promise<Outcome> {
  const run = promisify(execFile)(process.execPath, [LOADTEST, '--json', ...options], { timeout: 60_000 }).then(
    ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, stdout, stderr };
    },
  );
  const { status, stdout, stderr } = await run;
  return { status, figures: JSON.parse(stdout) as Outcome['figures'], stderr };
}

test('two viewers on a lossy network talk, interrupt and vanish, and what they receive stays within the limits', async () => {
  const { status, figures, stderr } = await loadtest('--sessions', '2', '--seconds', '10', '--loss', '0.03', '--interrupts', '--vanish', '--limits', 'regression');
  assert.deepEqual(figures.missed, [], JSON.stringify(figures));
  assert.deepEqual(figures.failures, []);
  assert.equal(status, 0, stderr);
  assert.equal(figures['sessions'], 2);
  const freedMs = figures['slotFreedMs'];
  assert.ok(typeof freedMs === 'number' && freedMs <= 5000, `the vanished viewer's slot was free after ${String(freedMs)} ms`);
  for (const name of ['fpsP5', 'longestGapMs', 'freezes', 'audioGaps', 'firstSoundMsP95', 'firstFrameMsP95', 'interruptSilenceMsP95', 'interruptMouthMsP95', 'avOffsetMs', 'avDriftMsPerHour', 'coresPerSession', 'rssMbStart', 'rssMbEnd', 'framesLate', 'framesDropped', 'rejected']) {
    assert.equal(typeof figures[name], 'number', name);
  }
});

test('a figure that is missed, because nobody watched, is named and makes the exit status 1', async () => {
  const { status, figures } = await loadtest('--sessions', '0', '--limits', 'regression', '--limit', 'fpsP5>=60');
  assert.equal(status, 1);
  assert.ok(figures.missed.includes('fpsP5 was not measured.'), figures.missed.join(' '));
});
