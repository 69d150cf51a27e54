/** A WebAssembly memory that threads share; Node's types leave it out without the DOM's. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB in place. */
  grow(pages: number): number;
}

/** A function that a WebAssembly module exports. */
export type WasmFunction = (...values: readonly number[]) => number | undefined;

interface WasmGlobal {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number; readonly shared: true }) => SharedMemory;
  instantiate(bytes: Uint8Array, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<{
    readonly instance: { readonly exports: Readonly<Record<string, unknown>> };
  }>;
}

const wasm = (globalThis as unknown as { readonly WebAssembly: WasmGlobal }).WebAssembly;

/** Makes a shared memory; sizes are in pages of 64 KiB. */
export function sharedMemory(initialPages: number, maximumPages: number): SharedMemory {
  return new wasm.Memory({ initial: initialPages, maximum: maximumPages, shared: true });
}

/**
 * Instantiates a module over a memory and returns the named functions it exports.
 * @throws TypeError when one is missing.
 */
export async function wasmFunctions<const Name extends string>(
  bytes: Uint8Array, memory: SharedMemory, names: readonly Name[],
): Promise<Readonly<Record<Name, WasmFunction>>> {
  const { instance } = await wasm.instantiate(bytes, { env: { memory } });
  return Object.fromEntries(names.map((name) => {
    const found = instance.exports[name];
    if (typeof found !== 'function') {
      throw new TypeError(`The WebAssembly module has no function ${name}. Build it again from its source.`);
    }
    return [name, found as WasmFunction];
  })) as Record<Name, WasmFunction>;
}
