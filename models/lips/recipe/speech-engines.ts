import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import load, { type EspeakEngine } from '@echogarden/espeak-ng-emscripten';
import type { Segment } from './articulation.ts';
import { fromFestival, type FestivalVoice } from './festival-voices.ts';
import { fromArpabet, fromEspeak, isEspeakStop } from './canonical-phones.ts';
import type { Language } from './sentence-generator.ts';
import { resampled, SOUND_RATE_HZ } from './resampled.ts';

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

/** Variants of espeak-ng's voices. */
export const ESPEAK_VARIANTS: readonly string[] = [
  '', '+f1', '+f2', '+f3', '+f4', '+f5', '+m1', '+m2', '+m3', '+m4', '+m5', '+m6', '+m7', '+klatt2', '+klatt4', '+Alicia', '+Andrea', '+Andy', '+Annie', '+belinda',
  '+benjamin', '+edward', '+Gene', '+iven', '+Jacky', '+john', '+linda', '+Lee', '+max', '+Mr_serious', '+norbert', '+steph', '+travis', '+Tweaky', '+zac',
];

/** flite's English voices: one woman, three men. */
export const FLITE_VOICES: readonly string[] = ['slt', 'rms', 'awb', 'kal16'];

/** espeak-ng's accents of each language. */
export const ESPEAK_ACCENTS: Readonly<Record<Language, readonly string[]>> = { en: ['en-us', 'en-us', 'en-gb-x-rp', 'en-us-nyc', 'en-029', 'en-gb-scotland'], cmn: ['cmn'], yue: ['yue'] };

/** How espeak-ng shall say something. */
export interface EspeakRequest {
  readonly text: string;
  readonly language: Language;
  /** One of the language's accents with a variant behind it. */
  readonly voice: string;
  readonly wordsPerMinute: number;
  /** 0..100. */
  readonly pitch: number;
}

/** Starts espeak-ng and returns a function that speaks a sentence with it. */
export async function openEspeak(): Promise<(request: EspeakRequest) => Utterance> {
  const { eSpeakNGWorker } = await load();
  const worker = new eSpeakNGWorker() as EspeakWorker;
  return (request) => {
    if (worker.set_voice(request.voice) !== 0) {
      throw new RangeError(`espeak-ng has no voice ${request.voice}.`);
    }
    worker.set_rate(request.wordsPerMinute);
    worker.set_pitch(request.pitch);
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
export function speakWithFlite(text: string, voice: string, stretch: number): Utterance {
  return inFolder((folder) => {
    const file = join(folder, 'speech.wav');
    const ends = execFileSync('flite', ['-voice', voice, '--setf', `duration_stretch=${stretch}`, '-t', text, '-o', file, '-psdur'], { encoding: 'utf8' });
    return { samples: readWav(file), segments: segmentsUpTo(ends.trim().split(/\s+/u).map((pair) => pair.split(':') as [string, string]), fromArpabet) };
  });
}

/** Lisp that scales the mean and range of the pitch for the voices that take both from the usual model. */
const SCALE_PITCH = "(set! int_lr_params (mapcar (lambda (p) (if (string-matches (car p) \"target.*\") (list (car p) (* pitch (cadr p))) p)) int_lr_params))";

/**
 * Speaks sentences with the program `festival`, all with one voice, start, tempo (`stretch` times as long) and pitch (`pitch` times as high);
 * throws when festival or the voice is not installed.
 */
export function speakWithFestival(texts: readonly string[], { name: voice, language }: FestivalVoice, { stretch, pitch }: { stretch: number; pitch: number }): Utterance[] {
  return inFolder((folder) => {
    const file = (index: number, ending: string): string => join(folder, `${index}.${ending}`);
    const say = texts.map((text, index) => `(set! u (Utterance Text ${JSON.stringify(text)})) (utt.synth u) `
      + `(utt.save.wave u "${file(index, 'wav')}" 'riff) (utt.save.segs u "${file(index, 'seg')}")`);
    const script = join(folder, 'say.scm');
    writeFileSync(script, `(begin (${voice}) (Parameter.set 'Duration_Stretch ${stretch}) (define pitch ${pitch}) ${SCALE_PITCH} ${say.join(' ')})`);
    execFileSync('festival', ['-b', script], { stdio: 'ignore' });
    return texts.map((_, index) => {
      const lines = readFileSync(file(index, 'seg'), 'utf8').trim().split('\n').filter((line) => /^\s*[\d.]/u.test(line));
      const ends = lines.map((line) => line.trim().split(/\s+/u)).map(([end = '', , phone = '']): [string, string] => [phone, end]);
      return { samples: readWav(file(index, 'wav')), segments: segmentsUpTo(ends, (phone) => (language === 'en' ? fromArpabet(phone) : fromFestival(phone, language))) };
    });
  });
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'lessons-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Divides each event's time among the phones it stands for. */
function espeakSegments(phones: readonly { start: number; name: string }[], language: Language): Segment[] {
  const starts: number[] = [];
  for (const phone of phones) {
    const start = phone.start - (isEspeakStop(phone.name.replace(/^[ˈˌ]/u, '')) ? STOP_CLOSURE_S : 0);
    starts.push(Math.max(start, (starts.at(-1) ?? -LEAST_PHONE_S) + LEAST_PHONE_S));
  }
  return phones.flatMap((phone, i) => {
    const start = starts[i]!;
    const names = fromEspeak(phone.name, language);
    const step = ((starts[i + 1] ?? start + LEAST_PHONE_S) - start) / names.length;
    return names.map((name, part) => ({ start: start + part * step, end: start + (part + 1) * step, phone: name }));
  });
}

/** Reads pairs of a phone and the second it ends at. */
function segmentsUpTo(ends: readonly (readonly [string, string])[], nameOf: (phone: string) => string): Segment[] {
  let start = 0;
  return ends.map(([phone, end]) => {
    const segment = { start, end: Number(end), phone: nameOf(phone) };
    start = segment.end;
    return segment;
  });
}

/** Reads mono PCM16 as flite and festival write it. */
function readWav(file: string): Float32Array {
  const wav = readFileSync(file);
  const bytes = wav.subarray(44);
  const samples = Float32Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i) / 32_768);
  return resampled(samples, SOUND_RATE_HZ / wav.readUInt32LE(24));
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
