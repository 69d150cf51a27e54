import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Custom section of a compiled file that holds the SHA-256 of its source. */
export const SOURCE_SECTION = 'orator-source';

/** Source of WebAssembly loops, and what it compiles to. */
export interface KernelFiles {
  readonly source: URL;
  readonly wasm: URL;
}

/** The loops of the warp. */
export const WARP_KERNEL = kernelFiles('warp-kernel');

/** The loops that paste SadTalker's faces. */
export const PASTE_KERNEL = kernelFiles('sadtalker/paste-kernel');

/** True when the compiled file is that of the source beside it; otherwise run test/render/build-kernel.ts. */
export async function isBuilt({ source, wasm }: KernelFiles): Promise<boolean> {
  const [text, compiled] = await Promise.all([readFile(source), readFile(wasm)]);
  return compiled.includes(SOURCE_SECTION + createHash('sha256').update(text).digest('hex'));
}

function kernelFiles(name: string): KernelFiles {
  const file = (ending: string): URL => new URL(`../../src/render/${name}.${ending}`, import.meta.url);
  return { source: file('as'), wasm: file('wasm') };
}
