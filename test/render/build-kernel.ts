/**
 * Compiles src/render/warp-kernel.as to warp-kernel.wasm, and puts the SHA-256 of the source into it for the test to see.
 * Maintainers run: npm install --no-save assemblyscript@0.28.20 && node test/render/build-kernel.ts
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { KERNEL_SOURCE, KERNEL_WASM, SOURCE_SECTION } from './kernel-files.ts';

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
const source = await readFile(KERNEL_SOURCE, 'utf8');
let wasm: Uint8Array | undefined;
const { error, stderr } = await asc.main(['kernel.ts', '-o', 'kernel.wasm', ...OPTIONS], {
  readFile: (name) => (name === 'kernel.ts' ? source : null),
  writeFile: (_, contents) => { wasm = contents; },
  listFiles: () => [],
});
if (error !== null || wasm === undefined) {
  throw new Error(`The kernel does not compile: ${error?.message ?? ''}\n${stderr.toString()}`);
}
const digest = createHash('sha256').update(source).digest('hex');
await writeFile(KERNEL_WASM, Buffer.concat([wasm, customSection(SOURCE_SECTION, digest)]));
