/** The part of the untyped, optional package that is used. */
declare module '@echogarden/espeak-ng-emscripten' {
  interface EspeakEngine {
    readonly samplerate: number;
    /** Returns 0 when the voice exists. */
    set_voice(name: string): number;
    set_rate(wordsPerMinute: number): void;
    set_pitch(pitch: number): void;
    set_range(range: number): void;
    set_volume(volume: number): void;
    list_voices(): { name: string; identifier: string; languages: { priority: number; name: string }[] }[];
    /** Blocks until the text is spoken or the callback returns true. Text is read as SSML and with [[phonemes]]. */
    synthesize(text: string, onSound: (samples: Int16Array | null) => boolean): void;
  }

  interface EspeakModule {
    readonly eSpeakNGWorker: new () => EspeakEngine;
    readonly FS: { readdir(path: string): string[] };
  }

  const load: () => Promise<EspeakModule>;
  export { load as default, type EspeakEngine, type EspeakModule };
}
