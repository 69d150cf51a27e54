import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { MelStream } from '../../../src/audio/mel-stream.ts';
import { SpeechLevel } from '../../../src/motion/speech-level.ts';
import { VISEME_CLASSES } from '../../../src/motion/lip-network.ts';
import { articulate, PHONE_NAMES, SHAPED } from './articulation.ts';
import type { Utterance } from './speech-engines.ts';
import { SOUND_RATE_HZ } from './resampled.ts';

/** 10 ms steps in a video frame. */
const STEPS = 4;

/** Recordings are dated by forced aligners, which name 25 ms of sound by when they start, 8 ms before their middle: names come a step early here too. */
const NAMED_EARLY_STEPS = 1;

/** Contact counts as made in a video frame when it is this firm over all of it, so that lips are drawn shut no longer than they are; the lip's with the teeth in any part. */
const CLOSURE = 0.7;
const TUCK = 0.6;

/** Loud syllables open wider: part of the jaw per 10 dB around the voice's usual vowel, measured in these mel frames of the window. */
const EFFORT_PER_10_DB = 0.15;
const USUAL_VOWEL_UNDER_LEVEL_DB = 3;
const CENTRE_FIRST = 4;
const CENTRE_END = 11;

/** Columns of the mouth file: those of `SHAPED`, then closure, tuck, and the share of the frame that is silence. */
const COLUMNS = SHAPED.length + 3;

/** Writes lessons as flat files of equal-sized records, one record a video frame, for train.py to read. */
export class LessonWriter {
  readonly #files: Readonly<Record<'sound' | 'floor' | 'mouth' | 'phones' | 'visemes' | 'clips', number>>;
  #frames = 0;

  /** Opens sound.u8, floor.f32, mouth.f32, phones.u8 (places in `PHONES`, named in phones.txt), visemes.u8 and clips.i32 in a folder. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'phones.txt'), `${PHONE_NAMES.join(' ')}\n`);
    const open = (name: string): number => openSync(join(folder, name), 'w');
    this.#files = {
      sound: open('sound.u8'), floor: open('floor.f32'), mouth: open('mouth.f32'),
      phones: open('phones.u8'), visemes: open('visemes.u8'), clips: open('clips.i32'),
    };
  }

  /** Video frames so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Hears an utterance as a session would, window by window. `skipSamples` shifts where its video frames fall; `kind` names its source. */
  hear({ samples, segments }: Utterance, skipSamples: number, kind: number): void {
    const skipS = skipSamples / SOUND_RATE_HZ;
    const moved = segments.map(({ start, end, phone }) => ({ start: start - skipS, end: end - skipS, phone }));
    const track = articulate(moved, samples.length / SOUND_RATE_HZ + 1);
    const stream = new MelStream({ maxWaitingWindows: 100_000 });
    stream.push(samples.subarray(skipSamples));
    stream.flush();
    const level = new SpeechLevel();
    let frame = 0;
    for (let window = stream.take(); window !== undefined; window = stream.take(), frame++) {
      level.update(window);
      writeSync(this.#files.sound, Uint8Array.from(window.values, (value) => Math.round((value + 4) * 31.875)));
      writeSync(this.#files.floor, bytesOf(Float32Array.of(level.levelDb, ...level.groupNoiseDb)));
      writeSync(this.#files.mouth, bytesOf(mouthRow(track, frame * STEPS, effortOf(level))));
      const named = frame * STEPS + NAMED_EARLY_STEPS;
      writeSync(this.#files.phones, track.phones.slice(named, named + STEPS));
      writeSync(this.#files.visemes, track.visemes.slice(named, named + STEPS));
    }
    writeSync(this.#files.clips, bytesOf(Int32Array.of(frame, kind)));
    this.#frames += frame;
  }

  close(): void {
    for (const file of Object.values(this.#files)) {
      closeSync(file);
    }
  }
}

/** The mouth over one video frame: means of the shapes, whether contact is made, share of silence. Loud syllables open wider. */
function mouthRow(track: ReturnType<typeof articulate>, first: number, effort: number): Float32Array {
  const row = new Float32Array(COLUMNS);
  const over = (values: ArrayLike<number>): number[] => Array.from({ length: STEPS }, (_, step) => values[first + step] ?? 0);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / STEPS;
  track.shaped.forEach((values, column) => { row[column] = mean(over(values)); });
  row[0]! *= effort;
  row[SHAPED.length] = mean(over(track.closure)) >= CLOSURE ? 1 : 0;
  row[SHAPED.length + 1] = Math.max(...over(track.tuck)) >= TUCK ? 1 : 0;
  row[SHAPED.length + 2] = mean(over(track.visemes).map((viseme) => (VISEME_CLASSES[viseme] === 'silence' ? 1 : 0)));
  return row;
}

/** Returns how wide a syllable opens, about 1, from its loudness against the voice's usual one. */
function effortOf(level: SpeechLevel): number {
  const loudest = Math.max(...level.loudnessDb.subarray(CENTRE_FIRST, CENTRE_END));
  return Math.min(1.2, Math.max(0.8, 1 + (EFFORT_PER_10_DB * (loudest - level.levelDb + USUAL_VOWEL_UNDER_LEVEL_DB)) / 10));
}

function bytesOf(values: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer);
}
