import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { renderFilm } from '../src/film.ts';
import { readWavFile, wavBytes } from './wav-file.ts';

const SPEECH = new URL('speech/cards-005.wav', import.meta.url);

/** The event loop is looked at so often, in milliseconds. */
const LOOK_MS = 2;

const FRAMES_PER_S = 25;

/** What a film drawn by a pack's networks took. */
export interface FilmTiming {
  readonly frames: number;
  /** All of it: loading, the portrait, every frame, the file. */
  readonly seconds: number;
  /** The longest time for which the main thread did nothing else, in milliseconds. */
  readonly longestBlockMs: number;
}

/**
 * Films the first frames of a sentence with a pack of SadTalker's networks on the processor, one thread for them, so that the main one is not in their way.
 * @throws AvatarError `model_missing` when there is no pack.
 */
export async function benchPackFilm({ packFolder, frames }: { packFolder: string; frames: number }): Promise<FilmTiming> {
  const folder = await mkdtemp(join(tmpdir(), 'orator-film-'));
  try {
    const { rateHz, samples } = await readWavFile(SPEECH);
    const speechFile = join(folder, 'speech.wav');
    await writeFile(speechFile, wavBytes({ rateHz, samples: samples.subarray(0, (frames * rateHz) / FRAMES_PER_S) }));
    const delay = monitorEventLoopDelay({ resolution: LOOK_MS });
    delay.enable();
    const startMs = performance.now();
    const film = await renderFilm({
      portrait: { avatar: 'hopper' }, speechFile, outFile: join(folder, 'film.mp4'), avatarFolder: folder,
      sadtalker: {
        settings: { folder: packFolder, device: 'cpu', precision: 'fp32', size: 256, preprocess: 'full', batch: 1, threads: 1, leastFps: 0 },
        still: false, poseStyle: 0, expressionScale: 1, anglesDeg: {},
      },
    });
    delay.disable();
    return { frames: film.frames, seconds: (performance.now() - startMs) / 1000, longestBlockMs: delay.max / 1e6 - LOOK_MS };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
