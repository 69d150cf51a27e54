import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** headaudio's fifteen visemes, in the order of their numbers, as classes of the eight-way comparison. */
const CLASSES = [
  'open', 'spread', 'spread', 'round', 'round', 'closed', 'teeth', 'teeth', 'teeth', 'lipTeeth', 'back', 'teeth', 'back', 'teeth', 'silence',
] as const;

const BLOCK_SAMPLES = 128;
const RATE_HZ = 16_000;

interface VisemeEvent {
  readonly event: string;
  readonly t: number;
  readonly viseme: number;
}

interface Parameters {
  readonly RECORD_LEN: number;
  readonly RECORD_MU_OFFSET: number;
  readonly RECORD_MU_LEN: number;
  readonly RECORD_SIGMAINVLOWER_OFFSET: number;
  readonly RECORD_SIGMAINVLOWER_LEN: number;
}

interface Processor {
  _onmessage(message: { data: unknown }): void;
  process(samples: Float32Array): void;
}

type ProcessorClass = new (options: unknown, scope: { port: { onmessage: null; postMessage: (event: VisemeEvent) => void } }) => Processor;

/** Hears with the npm package @met4citizen/headaudio, unpacked in a folder; returns its class in each 10 ms of a recording. */
export async function openHeadaudio(folder: string): Promise<(samples: Float32Array) => string[]> {
  const load = (path: string): Promise<unknown> => import(pathToFileURL(resolve(folder, path)).href);
  const parameters = await load('modules/parameters.mjs') as Parameters;
  const { Processor } = await load('modules/processor.mjs') as { Processor: ProcessorClass };
  const model = readModel(await readFile(join(folder, 'dist/model-en-mixed.bin')), parameters);
  return (samples) => {
    const events: VisemeEvent[] = [];
    const options = { sampleRate: RATE_HZ, processorOptions: { visemeEventsEnabled: true }, parameterData: {} };
    const processor = new Processor(options, { port: { onmessage: null, postMessage: (event) => { events.push(event); } } });
    processor._onmessage({ data: { event: 'model', reset: true, model } });
    for (let at = 0; at < samples.length; at += BLOCK_SAMPLES) {
      processor.process(samples.subarray(at, at + BLOCK_SAMPLES));
    }
    return classesOf(events.filter(({ event }) => event === 'viseme' || event === 'end'), samples.length / RATE_HZ);
  };
}

function classesOf(events: readonly VisemeEvent[], seconds: number): string[] {
  let next = 0;
  let current = 'silence';
  return Array.from({ length: Math.floor(seconds * 100) }, (_, step) => {
    for (let event = events[next]; event !== undefined && event.t <= (step + 0.5) / 100; event = events[next]) {
      current = event.event === 'end' ? 'silence' : CLASSES[event.viseme] ?? 'unknown';
      next += 1;
    }
    return current;
  });
}

/** Reads its model file: records of a name, numbers, a mean and a lower triangle. */
function readModel(file: Buffer, parameters: Parameters): object[] {
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
  const recordBytes = parameters.RECORD_LEN * 4;
  const floats = (at: number, length: number): Float32Array => new Float32Array(bytes.slice(at, at + length * 4));
  return Array.from({ length: Math.floor(bytes.byteLength / recordBytes) }, (_, index) => {
    const at = index * recordBytes;
    const view = new DataView(bytes, at);
    return {
      phoneme: String.fromCharCode(...new Uint8Array(bytes, at, 4)).replaceAll('\0', ''), group: view.getUint8(4), viseme: view.getUint8(7),
      mu: floats(at + parameters.RECORD_MU_OFFSET, parameters.RECORD_MU_LEN),
      sigmaInvLower: floats(at + parameters.RECORD_SIGMAINVLOWER_OFFSET, parameters.RECORD_SIGMAINVLOWER_LEN),
    };
  });
}
