import { access, constants, readFile } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import type { Avatar } from './avatars/avatar.ts';
import { AvatarPreparer } from './avatars/avatar-preparer.ts';
import { AvatarStore } from './avatars/avatar-store.ts';
import { MelStream } from './audio/mel-stream.ts';
import { Resampler } from './audio/resampler.ts';
import { AvatarError } from './base/errors.ts';
import { silentLogger } from './base/logger.ts';
import type { Logger } from './base/logger.ts';
import { FRAME_US } from './base/media-clock.ts';
import type { MotionFrame } from './base/motion-frame.ts';
import type { Picture } from './base/picture.ts';
import { Scope } from './base/scope.ts';
import { noStats } from './base/stats.ts';
import { Mp4Writer } from './encode/mp4-writer.ts';
import { SpeechFileReader } from './encode/speech-file-reader.ts';
import { MODELS_FOLDER } from './models-folder.ts';
import { BuiltInPack } from './packs/built-in-pack.ts';
import { FACE_DEFAULTS } from './packs/face-pack.ts';
import type { FaceOptions, OpenFace } from './packs/face-pack.ts';
import { openSadTalkerFilm } from './packs/sadtalker-film.ts';
import type { SadTalkerFilm } from './packs/sadtalker-film.ts';

const VOICE_RATE_HZ = 48_000;
const MEL_RATE_HZ = 16_000;

/** Frames, or batches of them, drawn ahead of the encoder. */
const DRAWN_AHEAD = 2;

/** What a film is made of. */
export interface FilmOptions {
  /** An image file, or the id of a stored avatar. */
  readonly portrait: { readonly file: string } | { readonly avatar: string };
  /** Any sound file that FFmpeg reads. */
  readonly speechFile: string;
  /** The MP4 file to write; it appears when it is whole. */
  readonly outFile: string;
  /** Seed of head and eyes: the same seed gives the same film. Default 1. */
  readonly seed?: number;
  /** Built-in face: how the head moves. Default `lively`. */
  readonly style?: FaceOptions['style'];
  /** Draws with SadTalker's networks instead of the built-in face. */
  readonly sadtalker?: SadTalkerFilm;
  /** Folder of the uploaded avatars. Default `data/avatars`. */
  readonly avatarFolder?: string;
  /** Stops the work; nothing of the file is left then. */
  readonly signal?: AbortSignal;
  /** Told which threads had to be replaced, and on which device SadTalker's networks run and why. Default: nobody is told. */
  readonly logger?: Logger;
  /** Told the share done, 0..1, where the speech file says how long it is. */
  readonly onProgress?: (share: number) => void;
}

/** Defaults of `FilmOptions`. */
export const FILM_DEFAULTS = Object.freeze({ seed: 1, style: FACE_DEFAULTS.style, avatarFolder: 'data/avatars', logger: silentLogger });

/** What was made. */
export interface FilmSummary {
  /** Size of its picture in pixels. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly seconds: number;
}

/**
 * Makes a film offline through the stages of the live path: sound → mel → motion → picture → packets.
 * @throws AvatarError `unreadable_media`, `unknown_avatar`, `invalid_request` when the file cannot be written where it is to appear,
 * and what preparing a portrait throws; the signal's reason when cancelled.
 */
export async function renderFilm(options: FilmOptions): Promise<FilmSummary> {
  await using scope = new Scope();
  // Known at once, not after networks were loaded for minutes.
  await access(dirname(options.outFile), constants.W_OK).catch((cause: unknown) => {
    throw new AvatarError('invalid_request', `No file can be written in the folder ${dirname(options.outFile)}. Make it, or name another.`, { cause });
  });
  const reader = scope.own(await SpeechFileReader.open(options.speechFile, { sampleRateHz: VOICE_RATE_HZ }));
  const avatar = await openAvatar(options, scope);
  const face = await openFace(options, avatar, scope);
  const resampler = scope.own(await Resampler.create(VOICE_RATE_HZ, MEL_RATE_HZ));
  const writer = scope.own(await Mp4Writer.open(options.outFile, { width: face.drawing.width, height: face.drawing.height }));
  const mel = new MelStream({ holdPartialFrames: true });
  const frames = new FilmFrames({ mel, face, signal: options.signal, drawnAhead: DRAWN_AHEAD * (options.sadtalker?.settings.batch ?? 1), write: (picture) => writer.writePicture(picture) });
  let samples = 0;
  for await (const block of reader) {
    options.signal?.throwIfAborted();
    await writer.writeAudio(block);
    mel.push(resampler.process(block.samples));
    await frames.drawReady();
    samples += block.samples.length;
    if (reader.durationUs !== undefined) {
      options.onProgress?.(Math.min(1, (samples * 1_000_000) / VOICE_RATE_HZ / reader.durationUs));
    }
  }
  mel.push(resampler.finish());
  mel.flush();
  await frames.drawReady();
  await frames.finish();
  if (frames.count === 0) {
    throw new AvatarError('unreadable_media', `${options.speechFile} holds less than one frame (40 ms) of sound. Give a longer file.`);
  }
  await writer.finish();
  return { width: face.drawing.width, height: face.drawing.height, frames: frames.count, seconds: samples / VOICE_RATE_HZ };
}

async function openAvatar({ portrait, avatarFolder = FILM_DEFAULTS.avatarFolder }: FilmOptions, scope: Scope): Promise<Avatar> {
  if ('avatar' in portrait) {
    const store = scope.own(await AvatarStore.open({ folder: avatarFolder, max: 0, modelsFolder: MODELS_FOLDER, logger: silentLogger, stats: noStats }));
    return store.get(portrait.avatar);
  }
  const { file } = portrait;
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new AvatarError('not_an_image', `The portrait ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
  });
  const preparer = scope.own(new AvatarPreparer({ modelsFolder: MODELS_FOLDER, stats: noStats }));
  return preparer.prepare(bytes, { name: basename(file, extname(file)) });
}

async function openFace(options: FilmOptions, avatar: Avatar, scope: Scope): Promise<OpenFace> {
  const { speechFile, seed, style, sadtalker, signal, logger } = { ...FILM_DEFAULTS, ...options };
  const opened = sadtalker === undefined
    ? await scope.own(await BuiltInPack.open({ modelsFolder: MODELS_FOLDER, renderThreads: 1, logger, stats: noStats })).openFace(avatar, { ...FACE_DEFAULTS, seed, style })
    : await openSadTalkerFilm(sadtalker, { avatar, seed, modelsFolder: MODELS_FOLDER, scope, logger, signal, countFrames: () => countFrames(speechFile) });
  scope.own(opened.motion);
  scope.own(opened.drawing);
  return opened;
}

/** Counts the video frames of a speech file by reading it once. */
async function countFrames(speechFile: string): Promise<number> {
  await using reader = await SpeechFileReader.open(speechFile, { sampleRateHz: VOICE_RATE_HZ });
  let samples = 0;
  for await (const block of reader) {
    samples += block.samples.length;
  }
  return Math.floor((samples * 1_000_000) / VOICE_RATE_HZ / FRAME_US);
}

/** Draws windows as they become ready, a few frames ahead of the writer. */
class FilmFrames {
  readonly #mel: MelStream;
  readonly #face: OpenFace;
  readonly #signal: AbortSignal | undefined;
  readonly #drawnAhead: number;
  readonly #write: (picture: Picture) => Promise<void>;
  readonly #drawn: Promise<Picture>[] = [];
  count = 0;

  constructor(parts: { mel: MelStream; face: OpenFace; signal: AbortSignal | undefined; drawnAhead: number; write: (picture: Picture) => Promise<void> }) {
    this.#mel = parts.mel;
    this.#face = parts.face;
    this.#signal = parts.signal;
    this.#drawnAhead = parts.drawnAhead;
    this.#write = parts.write;
  }

  async drawReady(): Promise<void> {
    for (let window = this.#mel.take(); window !== undefined; window = this.#mel.take()) {
      const motion = await this.#face.motion.next(window, 'speaking');
      if (motion !== undefined) {
        await this.#draw(motion);
      }
    }
  }

  /** Draws the frames that waited for more sound, and writes what is left. */
  async finish(): Promise<void> {
    for (const motion of await this.#face.motion.finish()) {
      await this.#draw(motion);
    }
    await this.#writeDownTo(0);
  }

  async #draw(motion: MotionFrame): Promise<void> {
    this.#signal?.throwIfAborted();
    const picture = this.#face.drawing.draw(motion);
    // It is awaited in its turn; a failure before that must not count as unhandled.
    picture.catch(() => undefined);
    this.#drawn.push(picture);
    this.count += 1;
    await this.#writeDownTo(this.#drawnAhead);
  }

  async #writeDownTo(left: number): Promise<void> {
    while (this.#drawn.length > left) {
      const picture = await this.#drawn[0]!;
      void this.#drawn.shift();
      try {
        await this.#write(picture);
      } finally {
        picture.release();
      }
    }
  }
}
