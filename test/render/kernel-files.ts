/** Source of the WebAssembly loops. */
export const KERNEL_SOURCE = new URL('../../src/render/warp-kernel.as', import.meta.url);

/** What it compiles to. */
export const KERNEL_WASM = new URL('../../src/render/warp-kernel.wasm', import.meta.url);

/** Custom section of the compiled file that holds the SHA-256 of its source. */
export const SOURCE_SECTION = 'orator-source';
