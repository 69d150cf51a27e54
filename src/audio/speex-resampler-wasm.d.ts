/** The part of the untyped package that is used: the C functions of SpeexDSP's resampler over one WebAssembly heap. */
declare module '@echogarden/speex-resampler-wasm/simd' {
  /** Address in the heap. */
  type Pointer = number;

  interface SpeexModule {
    readonly HEAPF32: Float32Array;
    readonly HEAPU32: Uint32Array;
    _malloc(bytes: number): Pointer;
    _free(at: Pointer): void;
    _speex_resampler_init(channels: number, fromHz: number, toHz: number, quality: number, error: Pointer): Pointer;
    _speex_resampler_process_float(state: Pointer, channel: number, input: Pointer, inputLength: Pointer, output: Pointer, outputLength: Pointer): number;
    _speex_resampler_skip_zeros(state: Pointer): number;
    _speex_resampler_reset_mem(state: Pointer): number;
    _speex_resampler_destroy(state: Pointer): void;
  }

  const load: () => Promise<SpeexModule>;
  export { load as default };
}
