import process from 'node:process';

/** A stand-in for the speech engine package: its sound is as many samples as the text has letters, and some words make it misbehave. */
class Engine {
  readonly samplerate = 16_000;
  set_voice(): number { return 0; }
  set_rate(): void { /* nothing to set */ }
  set_range(): void { /* nothing to set */ }
  set_volume(): void { /* nothing to set */ }

  list_voices(): object[] {
    return ['en-us', 'en', 'cmn', 'yue'].map((id) => ({ name: id, identifier: `test/${id}`, languages: [{ priority: 1, name: id }] }));
  }

  synthesize(text: string, onSound: (samples: Int16Array) => boolean): void {
    if (text.includes('crash')) {
      process.exit(3);
    }
    if (text.includes('fail')) {
      throw new Error('the text says so.');
    }
    while (text.includes('hang')) { /* never comes back */ }
    while (text.includes('forever') && !onSound(new Int16Array(160))) { /* until it is cancelled */ }
    onSound(new Int16Array(text.length).fill(16_384));
  }
}

/** Loads the stand-in as the package loads. */
const load = (): Promise<object> => Promise.resolve({ eSpeakNGWorker: Engine, FS: { readdir: () => ['.', '..', 'f3', 'Annie'] } });

export { load as default };
