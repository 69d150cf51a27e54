/**
 * Compiles the kernels under src/render (.as) to .wasm files beside them, and puts the SHA-256 of the source into each for its test to see.
 * Maintainers run: npm install --no-save assemblyscript@0.28.20 && node test/render/build-kernel.ts
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { PASTE_KERNEL, SOURCE_SECTION, WARP_KERNEL, type KernelFiles } from './kernel-files.ts';

interface Compiler {
  main(args: readonly string[], files: {
    readFile(name: string): string | null;
    writeFile(name: string, contents: Uint8Array): void;
    listFiles(): readonly string[];
  }): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}

/** Not among the project's dependencies: it is big and rarely wanted. */
const COMPILER = ['assemblyscript', 'asc'].join('/');

const OPTIONS = [
  '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--enable', 'threads',
  '--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '16384',
];

/** Returns a WebAssembly custom section with the text. */
function customSection(name: string, text: string): Buffer {
  const nameBytes = Buffer.from(name);
  const body = Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, Buffer.from(text)]);
  if (body.length > 127) {
    throw new RangeError(`The section ${name} has ${body.length} bytes; its length is written in one, up to 127.`);
  }
  return Buffer.concat([Buffer.from([0, body.length]), body]);
}

const asc = await import(COMPILER) as Compiler;

async function build({ source, wasm }: KernelFiles): Promise<void> {
  const text = await readFile(source, 'utf8');
  let compiled: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['kernel.ts', '-o', 'kernel.wasm', ...OPTIONS], {
    readFile: (name) => (name === 'kernel.ts' ? text : null),
    writeFile: (_, contents) => { compiled = contents; },
    listFiles: () => [],
  });
  if (error !== null || compiled === undefined) {
    throw new Error(`The kernel ${source.pathname} does not compile: ${error?.message ?? ''}\n${stderr.toString()}`);
  }
  const digest = createHash('sha256').update(text).digest('hex');
  await writeFile(wasm, Buffer.concat([compiled, customSection(SOURCE_SECTION, digest)]));
}

for (const kernel of [WARP_KERNEL, PASTE_KERNEL]) {
  await build(kernel);
}
