import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import load, { type EspeakEngine } from '@echogarden/espeak-ng-emscripten';
import { isEspeakStop, visemesOfArpabet, visemesOfEspeak, type EspeakLanguage, type PhoneVisemes } from './phone-visemes.ts';
import { resampled, SOUND_RATE_HZ } from './sound-variation.ts';

/** One phone in time, in seconds. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly visemes: PhoneVisemes;
}

/** One spoken sentence. */
export interface Utterance {
  /** Mono, 16 kHz. */
  readonly samples: Float32Array;
  readonly segments: readonly Segment[];
}

/** espeak-ng's engine as it is used here: its events come beside the sound. */
interface EspeakWorker extends Omit<EspeakEngine, 'synthesize'> {
  synthesize(text: string, onChunk: (audio: Int16Array | null, events: readonly EspeakEvent[] | null) => boolean): void;
}

interface EspeakEvent {
  readonly type: string;
  /** Milliseconds from the start. */
  readonly audio_position: number;
  readonly id: string | number;
}

const ESPEAK_RATE_HZ = 22_050;

/** espeak-ng's event marks a stop's burst; its closure began so much earlier (measured on the dip in energy before p, b, t). */
const STOP_CLOSURE_S = 0.055;

/** No phone is shorter. */
const LEAST_PHONE_S = 0.01;

/** Variants of espeak-ng's voices, women and men. */
export const ESPEAK_VARIANTS: readonly string[] = ['', '+f2', '+f3', '+f4', '+f5', '+m2', '+m3', '+m6', '+m7'];

/** flite's English voices: one woman, three men. */
export const FLITE_VOICES: readonly string[] = ['slt', 'rms', 'awb', 'kal16'];

const ESPEAK_VOICES: Readonly<Record<EspeakLanguage, string>> = { en: 'en-us', cmn: 'cmn', yue: 'yue' };

/** How espeak-ng shall say something. */
export interface EspeakRequest {
  readonly text: string;
  readonly language: EspeakLanguage;
  readonly variant: string;
  readonly wordsPerMinute: number;
}

/** Starts espeak-ng and returns a function that speaks a sentence with it. */
export async function openEspeak(): Promise<(request: EspeakRequest) => Utterance> {
  const { eSpeakNGWorker } = await load();
  const worker = new eSpeakNGWorker() as EspeakWorker;
  return (request) => {
    worker.set_voice(ESPEAK_VOICES[request.language] + request.variant);
    worker.set_rate(request.wordsPerMinute);
    const chunks: Float32Array[] = [];
    const phones: { start: number; name: string }[] = [];
    worker.synthesize(request.text, (audio, events) => {
      if (audio !== null) {
        chunks.push(Float32Array.from(audio, (sample) => sample / 32_768));
      }
      for (const event of events ?? []) {
        if (event.type === 'phoneme') {
          phones.push({ start: event.audio_position / 1000, name: String(event.id) });
        }
      }
      return false;
    });
    return { samples: resampled(joined(chunks), SOUND_RATE_HZ / ESPEAK_RATE_HZ), segments: espeakSegments(phones, request.language) };
  };
}

/** Speaks a sentence with the program `flite`; throws when it is not installed. */
export function speakWithFlite(text: string, voice: string): Utterance {
  const folder = mkdtempSync(join(tmpdir(), 'flite-'));
  try {
    const file = join(folder, 'speech.wav');
    const ends = execFileSync('flite', ['-voice', voice, '-t', text, '-o', file, '-psdur'], { encoding: 'utf8' });
    const wav = readFileSync(file);
    const samples = fromPcm16(wav.subarray(44));
    return { samples: resampled(samples, SOUND_RATE_HZ / wav.readUInt32LE(24)), segments: fliteSegments(ends) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function espeakSegments(phones: readonly { start: number; name: string }[], language: EspeakLanguage): Segment[] {
  const starts: number[] = [];
  for (const phone of phones) {
    const start = phone.start - (isEspeakStop(phone.name) ? STOP_CLOSURE_S : 0);
    starts.push(Math.max(start, (starts.at(-1) ?? -LEAST_PHONE_S) + LEAST_PHONE_S));
  }
  return phones.map((phone, i) => ({ start: starts[i]!, end: starts[i + 1] ?? phone.start, visemes: visemesOfEspeak(phone.name, language) }));
}

/** Reads flite's `phone:end` pairs. */
function fliteSegments(ends: string): Segment[] {
  let start = 0;
  return ends.trim().split(/\s+/u).map((pair) => {
    const [phone = '', end = ''] = pair.split(':');
    const segment = { start, end: Number(end), visemes: visemesOfArpabet(phone) };
    start = segment.end;
    return segment;
  });
}

function fromPcm16(bytes: Buffer): Float32Array {
  return Float32Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i) / 32_768);
}

function joined(chunks: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
