import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { Avatar } from './avatars/avatar.ts';
import { AvatarPreparer } from './avatars/avatar-preparer.ts';
import { AvatarStore } from './avatars/avatar-store.ts';
import { MelStream } from './audio/mel-stream.ts';
import { Resampler } from './audio/resampler.ts';
import { silentLogger } from './base/logger.ts';
import { FRAME_US } from './base/media-clock.ts';
import type { MelWindow } from './base/mel-window.ts';
import type { Picture } from './base/picture.ts';
import { Scope } from './base/scope.ts';
import { noStats } from './base/stats.ts';
import { Mp4Writer } from './encode/mp4-writer.ts';
import { SpeechFileReader } from './encode/speech-file-reader.ts';
import { FaceMotion } from './motion/face-motion.ts';
import { MelExpressionModel } from './motion/mel-expression-model.ts';
import type { FaceDrawing } from './render/renderer.ts';
import { WarpRenderer } from './render/warp-renderer.ts';

const VOICE_RATE_HZ = 48_000;
const MEL_RATE_HZ = 16_000;

/** Frames drawn ahead of the encoder. */
const DRAWN_AHEAD = 2;

/** What a film is made of. */
export interface FilmOptions {
  /** An image file, or the id of a stored avatar. */
  readonly portrait: { readonly file: string } | { readonly avatar: string };
  /** Any sound file that FFmpeg reads. */
  readonly speechFile: string;
  /** The MP4 file to write; it appears when it is whole. */
  readonly outFile: string;
  /** Seed of head and eyes: the same seed gives the same film. */
  readonly seed: number;
  readonly avatarFolder: string;
  readonly modelsFolder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

/**
 * Makes a film offline through the stages of the live path: sound → mel → motion → picture → packets.
 * @throws AvatarError `unreadable_media`, `unknown_avatar`, and what preparing a portrait throws; AbortError when cancelled.
 */
export async function renderFilm(options: FilmOptions): Promise<{ seconds: number; frames: number }> {
  await using scope = new Scope();
  const sound = await readSound(options.speechFile);
  const avatar = await openAvatar(options, scope);
  const renderer = scope.own(new WarpRenderer({ threads: 1, stats: noStats, logger: silentLogger }));
  const drawing = scope.own(await renderer.open(avatar));
  const face = scope.own(new FaceMotion({ model: scope.own(new MelExpressionModel()), seed: options.seed }));
  const writer = await Mp4Writer.open({ file: options.outFile, width: avatar.width, height: avatar.height, frameRate: 1_000_000 / FRAME_US, audioRateHz: VOICE_RATE_HZ });
  try {
    await writer.addAudio(sound.voice);
    const windows = melWindows(sound.mel);
    await drawAll({ windows, face, drawing, options, write: (picture) => writer.addPicture(picture) });
    await writer.finish();
    return { seconds: sound.mel.length / MEL_RATE_HZ, frames: windows.length };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function openAvatar({ portrait, avatarFolder, modelsFolder }: FilmOptions, scope: Scope): Promise<Avatar> {
  if ('avatar' in portrait) {
    const store = scope.own(await AvatarStore.open({ folder: avatarFolder, max: 0, modelsFolder, logger: silentLogger, stats: noStats }));
    return store.get(portrait.avatar);
  }
  const preparer = scope.own(new AvatarPreparer({ modelsFolder, stats: noStats }));
  return preparer.prepare(await readFile(portrait.file), { name: basename(portrait.file, extname(portrait.file)) });
}

async function readSound(file: string): Promise<{ voice: Float32Array; mel: Float32Array }> {
  const blocks: Float32Array[] = [];
  for await (const { samples } of SpeechFileReader.read(file, { sampleRateHz: VOICE_RATE_HZ })) {
    blocks.push(samples);
  }
  const voice = concatenated(blocks);
  return { voice, mel: await Resampler.convert(voice, { fromHz: VOICE_RATE_HZ, toHz: MEL_RATE_HZ }) };
}

function melWindows(samples: Float32Array): MelWindow[] {
  const stream = new MelStream();
  const windows: MelWindow[] = [];
  stream.push(samples);
  stream.flush();
  for (let window = stream.take(); window !== undefined; window = stream.take()) {
    windows.push(window);
  }
  return windows;
}

async function drawAll({ windows, face, drawing, options, write }: {
  windows: readonly MelWindow[]; face: FaceMotion; drawing: FaceDrawing; options: FilmOptions; write: (picture: Picture) => Promise<void>;
}): Promise<void> {
  const drawn: Promise<Picture>[] = [];
  const writeOldest = async (): Promise<void> => {
    const picture = await drawn.shift()!;
    await write(picture).finally(() => { picture.release(); });
  };
  for (const [index, window] of windows.entries()) {
    options.signal?.throwIfAborted();
    drawn.push(drawing.draw(await face.next(window, 'speaking')));
    if (drawn.length > DRAWN_AHEAD) {
      await writeOldest();
    }
    options.onProgress?.((index + 1) / windows.length);
  }
  while (drawn.length > 0) {
    await writeOldest();
  }
}

function concatenated(blocks: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(blocks.reduce((length, block) => length + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}
