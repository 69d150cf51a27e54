import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxThread } from '../../src/inference/onnx-thread.ts';
import { checkpointParity } from './checkpoint-parity.ts';
import { Goldens } from './goldens.ts';
import type { ParityRow } from './parity-row.ts';
import { compareFull, compareMini } from './parity-run.ts';
import { signalParity } from './signal-parity.ts';

/**
 * `npm run parity -- <goldens folder>`: makes checkpoints from the recipe with the folder's salt, imports them, and compares every
 * golden tensor. Prints each difference and ends with 1 when one is out of tolerance.
 */

function line({ name, largest, mean, tolerance, meanTolerance, ok }: ParityRow): string {
  const bounds = `${tolerance.toExponential(0)}${meanTolerance === undefined ? '' : ` / ${meanTolerance.toExponential(0)}`}`;
  return `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(34)} largest ${largest.toExponential(2).padStart(8)}  mean ${mean.toExponential(2).padStart(8)}  allowed ${bounds}`;
}

async function main([folder]: readonly string[]): Promise<number> {
  if (folder === undefined) {
    process.stderr.write('Usage: npm run parity -- <goldens folder>\n');
    return 2;
  }
  const { salt } = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as { salt: string };
  const workFolder = mkdtempSync(join(tmpdir(), 'orator-parity-'));
  try {
    using goldens = new Goldens(join(folder, 'cases.safetensors'));
    await using thread = new OnnxThread();
    const run = { goldens, salt, workFolder, thread, threads: 2 };
    const rows: ParityRow[] = [];
    for (const part of [() => checkpointParity(folder, salt), () => signalParity(goldens, join(folder, 'tone.wav')), () => compareMini(run), () => compareFull(run)]) {
      const more = await part();
      process.stdout.write(`${more.map(line).join('\n')}\n`);
      rows.push(...more);
    }
    const failed = rows.filter(({ ok }) => !ok);
    process.stdout.write(`${rows.length - failed.length} of ${rows.length} within tolerance (salt ${salt}).\n`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    rmSync(workFolder, { recursive: true });
  }
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2));
}
