import { parentPort, workerData } from 'node:worker_threads';
import type { EspeakEngine, EspeakModule } from '@echogarden/espeak-ng-emscripten';
import type { EspeakAnswer, EspeakRequest, EspeakVoice } from './espeak-messages.ts';

/** Pace of speech, in words per minute: eSpeak's 175 sounds hurried on a face. */
const WORDS_PER_MINUTE = 165;

/** A livelier melody than eSpeak's 50. */
const PITCH_RANGE = 60;

/** A little below eSpeak's 100: Cantonese reaches full scale there. */
const VOLUME = 90;

/** Where the package keeps the variants of voices, in its own file system. */
const VARIANTS_FOLDER = '/usr/share/espeak-ng-data/voices/!v';

const port = parentPort;
if (port === null) {
  throw new TypeError('espeak-thread-main.ts is the main file of a worker thread; start it with EspeakTextToSpeech.');
}

const answer = (message: EspeakAnswer, transfer: ArrayBuffer[] = []): void => { port.postMessage(message, transfer); };

function listVoices(engine: EspeakEngine): EspeakVoice[] {
  return engine.list_voices()
    // MBROLA voices need data that is not in the package.
    .filter(({ identifier, languages }) => !identifier.startsWith('mb/') && languages.length > 0)
    .map(({ name, identifier, languages }) => {
      const language = languages.reduce((best, other) => (other.priority < best.priority ? other : best)).name;
      return { id: (identifier.split('/').at(-1) ?? identifier).toLowerCase(), name, language, identifier };
    });
}

/** eSpeak reads SSML tags and [[phonemes]]: both are written so that it reads them as text. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replace(/\[(?=\[)/gu, '[ ');
}

function speak(engine: EspeakEngine, { job, text, voice, cancelled }: EspeakRequest): void {
  if (Atomics.load(cancelled, 0) !== 0) {
    answer({ kind: 'done', job, spentMs: 0 });
    return;
  }
  const startedMs = performance.now();
  if (engine.set_voice(voice) !== 0) {
    throw new Error(`eSpeak has no voice ${voice}.`);
  }
  engine.set_rate(WORDS_PER_MINUTE);
  engine.set_range(PITCH_RANGE);
  engine.set_volume(VOLUME);
  engine.synthesize(escape(text), (sound) => {
    if (sound !== null && sound.length > 0) {
      const samples = Float32Array.from(sound, (sample) => sample / 32_768);
      answer({ kind: 'sound', job, samples }, [samples.buffer]);
    }
    return Atomics.load(cancelled, 0) !== 0;
  });
  answer({ kind: 'done', job, spentMs: performance.now() - startedMs });
}

/** Loads the optional package, or says why not. */
async function load(name: string): Promise<EspeakModule | undefined> {
  try {
    const { default: start } = await import(name) as { default: () => Promise<EspeakModule> };
    return await start();
  } catch (error) {
    answer({ kind: 'missing', message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

const { engineModule } = workerData as { engineModule: string };
const espeak = await load(engineModule);
if (espeak !== undefined) {
  const engine = new espeak.eSpeakNGWorker();
  port.on('message', (request: EspeakRequest) => {
    try {
      speak(engine, request);
    } catch (error) {
      answer({ kind: 'failed', job: request.job, message: error instanceof Error ? error.message : String(error) });
    }
  });
  answer({ kind: 'ready', sampleRateHz: engine.samplerate, voices: listVoices(engine), variants: espeak.FS.readdir(VARIANTS_FOLDER).filter((name) => !name.startsWith('.')) });
  // The engine's code is compiled while it first speaks, which takes 20 times as long: better now than on the first text.
  engine.synthesize('Good evening, how are you?', () => false);
}
