import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../src/orator.js', import.meta.url));
/** Prints, when the launcher is done, what native libraries would find in the environment. */
const printer = 'data:text/javascript,process.on("exit",()=>process.stderr.write(`TF32 ${process.env.NVIDIA_TF32_OVERRIDE}`))';

function environmentOf(environment: NodeJS.ProcessEnv): string {
  return spawnSync(process.execPath, ['--import', printer, launcher, '--version'], { env: environment, encoding: 'utf8' }).stderr;
}

test('CUDA is kept from rounding floats to TF32, unless the environment says otherwise', () => {
  assert.match(environmentOf({}), /TF32 0$/);
  assert.match(environmentOf({ NVIDIA_TF32_OVERRIDE: '1' }), /TF32 1$/);
});
