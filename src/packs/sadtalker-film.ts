import type { Avatar } from '../avatars/avatar.ts';
import { EXPRESSION_COLUMNS, MOTION_COLUMNS } from '../base/coefficient-layout.ts';
import type { Logger } from '../base/logger.ts';
import type { Scope } from '../base/scope.ts';
import { noStats } from '../base/stats.ts';
import { VideoFileReader } from '../encode/video-file-reader.ts';
import type { ViewPaths } from '../motion/sadtalker/neural-face-motion.ts';
import { viewPath } from '../motion/sadtalker/view-path.ts';
import { FACE_DEFAULTS, FULL_LOOK_AHEAD_FRAMES } from './face-pack.ts';
import type { OpenFace } from './face-pack.ts';
import { SadTalkerPack } from './sadtalker-pack.ts';
import type { FilmedFace, SadTalkerSettings } from './sadtalker-pack.ts';

/** A film drawn by SadTalker's networks; the reference's options. */
export interface SadTalkerFilm {
  /** Where the networks lie and how they run; `preprocess`, `size` and `batch` are the film's own. */
  readonly settings: SadTalkerSettings;
  readonly still: boolean;
  readonly poseStyle: number;
  readonly expressionScale: number;
  /** Head angles along the film, in degrees: one is held, several are passed through at an even pace. */
  readonly anglesDeg: { readonly yaw?: readonly number[] | undefined; readonly pitch?: readonly number[] | undefined; readonly roll?: readonly number[] | undefined };
  /** Video file whose head motion is added. */
  readonly poseVideo?: string | undefined;
  /** Video file whose expressions, blinks among them, stand for the portrait's. */
  readonly blinkVideo?: string | undefined;
}

/** What a film's face is opened for. */
export interface FilmRole {
  readonly avatar: Avatar;
  readonly seed: number;
  /** Folder of the face mesh networks, which find the face in reference videos. */
  readonly modelsFolder: string;
  /** Stops loading and reading with its reason. */
  readonly signal: AbortSignal | undefined;
  /** Told on which device the networks run, and why. */
  readonly logger: Logger;
  /** Owns the networks. */
  readonly scope: Scope;
  /** Counts the film's frames; asked only where angles run along the film. */
  readonly countFrames: () => Promise<number>;
}

/**
 * Opens the face of a film: every frame is exact, and none is left out.
 * @throws AvatarError `model_missing`, `unreadable_media`, and `no_face` where a reference video's first frame shows none.
 */
export async function openSadTalkerFilm(film: SadTalkerFilm, { avatar, seed, modelsFolder, scope, logger, signal, countFrames }: FilmRole): Promise<OpenFace> {
  const { settings, still, poseStyle, expressionScale, anglesDeg, poseVideo, blinkVideo } = film;
  const pack = scope.own(await SadTalkerPack.open(settings, { film: true, logger, stats: noStats, signal }));
  const readTrack = async (videoFile: string): Promise<Float32Array> => {
    await using reader = await VideoFileReader.open(videoFile);
    return await pack.readTrack(untilAborted(reader, signal), modelsFolder);
  };
  const poses = poseVideo === undefined ? undefined : await readTrack(poseVideo);
  const expressions = blinkVideo === undefined ? undefined : blinkVideo === poseVideo ? poses : await readTrack(blinkVideo);
  const filmed: FilmedFace = {
    ...(poses === undefined ? {} : { referencePoses: columnsOf(poses, EXPRESSION_COLUMNS, MOTION_COLUMNS) }),
    ...(expressions === undefined ? {} : { referenceExpressions: columnsOf(expressions, 0, EXPRESSION_COLUMNS) }),
    ...(Object.values(anglesDeg).some((list) => list !== undefined) ? { view: viewPaths(anglesDeg, await countFrames()) } : {}),
  };
  return pack.openFace(avatar, { ...FACE_DEFAULTS, seed, still, poseStyle, expressionScale, lookAheadFrames: FULL_LOOK_AHEAD_FRAMES }, filmed);
}

function viewPaths({ yaw, pitch, roll }: SadTalkerFilm['anglesDeg'], frames: number): ViewPaths {
  const along = (list: readonly number[] | undefined): Float64Array | undefined => list && viewPath(list, Math.max(1, frames));
  const [yawDeg, pitchDeg, rollDeg] = [along(yaw), along(pitch), along(roll)];
  return { ...(yawDeg && { yawDeg }), ...(pitchDeg && { pitchDeg }), ...(rollDeg && { rollDeg }) };
}

/** Gives the frames on, and throws the signal's reason once it is aborted. */
async function* untilAborted<Frame>(frames: AsyncIterable<Frame>, signal: AbortSignal | undefined): AsyncGenerator<Frame, void, undefined> {
  for await (const frame of frames) {
    signal?.throwIfAborted();
    yield frame;
  }
}

/** Returns the columns `from` to `to` of rows of 70. */
function columnsOf(rows: Float32Array, from: number, to: number): Float32Array {
  const frames = rows.length / MOTION_COLUMNS;
  const cut = new Float32Array(frames * (to - from));
  for (let frame = 0; frame < frames; frame++) {
    cut.set(rows.subarray(frame * MOTION_COLUMNS + from, frame * MOTION_COLUMNS + to), frame * (to - from));
  }
  return cut;
}
