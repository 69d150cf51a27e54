import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OnnxThread } from '../../src/inference/onnx-thread.ts';
import { Goldens } from './goldens.ts';
import { compareFull, compareMini } from './parity-run.ts';
import type { ParityRow } from './parity-row.ts';
import { signalParity } from './signal-parity.ts';

const FIXTURES = new URL('./fixtures/', import.meta.url);
const SALT = 'public';

function assertWithin(rows: readonly ParityRow[]): void {
  assert.ok(rows.length > 0);
  assert.deepEqual(rows.filter(({ ok }) => !ok).map(({ name, largest, mean }) => `${name} is off by ${largest} at most, ${mean} on average`), []);
}

describe('parity with the reference', () => {
  const goldens = new Goldens(new URL('cases.safetensors', FIXTURES));
  const workFolder = mkdtempSync(join(tmpdir(), 'orator-models-'));
  const thread = new OnnxThread();
  let compared: ParityRow[] = [];

  before(async () => {
    const signals = signalParity(goldens, new URL('tone.wav', FIXTURES));
    compared = [...signals, ...await compareMini({ goldens, salt: SALT, workFolder, thread })];
  });

  after(async () => {
    await thread.close();
    goldens[Symbol.dispose]();
    rmSync(workFolder, { recursive: true });
  });

  it('gives every tensor of the reduced networks, mel, crop, alignment and view within tolerance', () => {
    assertWithin(compared);
  });

  it('leaves out no golden output', () => {
    const inputs = /\.(image|coeffs|mel|ref|ratio|z|class|lm68|image_sizes|align_image)$/;
    const outputs = goldens.names.filter((name) => (!inputs.test(name) || name === 'face_3drecon.coeffs') && !name.startsWith('full256.'));
    const names = new Set(compared.map(({ name }) => name));
    assert.deepEqual(outputs.filter((name) => !names.has(name)), []);
  });

  it('gives one frame of the official widths within tolerance', { timeout: 240_000 }, async () => {
    assertWithin(await compareFull({ goldens, salt: SALT, workFolder, thread, threads: 2 }));
  });
});
