import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { readAvatar } from '../../src/avatars/avatar-files.ts';
import { avatarPhoto } from '../../src/avatars/avatar-photo.ts';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { EXPRESSION_COLUMNS, MOTION_COLUMNS, WINDOW_FRAMES, WINDOW_REACH } from '../../src/base/coefficient-layout.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES } from '../../src/base/mel-window.ts';
import type { MotionFrame } from '../../src/base/motion-frame.ts';
import { Scope } from '../../src/base/scope.ts';
import { noStats } from '../../src/base/stats.ts';
import { viewPath } from '../../src/motion/sadtalker/view-path.ts';
import { FACE_DEFAULTS, FULL_LOOK_AHEAD_FRAMES } from '../../src/packs/face-pack.ts';
import type { OpenFace } from '../../src/packs/face-pack.ts';
import { openSadTalkerFilm } from '../../src/packs/sadtalker-film.ts';
import type { SadTalkerFilm } from '../../src/packs/sadtalker-film.ts';
import { SadTalkerPack } from '../../src/packs/sadtalker-pack.ts';
import type { SadTalkerSettings } from '../../src/packs/sadtalker-pack.ts';
import { makeMiniPack } from '../models/mini-pack.ts';

const modelsFolder = fileURLToPath(new URL('../../models', import.meta.url));
const FRAMES = 9;
const SEED = 5;

/** Writes a video of two frames: a portrait, and a part of it enlarged. */
async function writeTwoFrames(path: string, avatar: Avatar): Promise<void> {
  const { width, height, data } = avatarPhoto(avatar);
  const size = { width: width / 2, height: height / 2 };
  const parts = [{ left: 0, top: 0, width, height }, { left: 60, top: 60, width: width - 110, height: height - 150 }];
  const frames = await Promise.all(parts.map((part) => sharp(data, { raw: { width, height, channels: 3 } }).extract(part).resize({ ...size, fit: 'fill' }).raw().toBuffer()));
  await sharp(Buffer.concat(frames), { raw: { width: size.width, height: 2 * size.height, channels: 3, pageHeight: size.height } }).gif({ delay: [40, 40] }).toFile(path);
}

/** The middle row of each window: frames × 70. */
const rowsOf = (frames: readonly MotionFrame[]): Float32Array[] => frames.map(({ expression }) => (
  Float32Array.from({ length: MOTION_COLUMNS }, (_, column) => expression[column * WINDOW_FRAMES + WINDOW_REACH]!)
));

/** What a face does while it hears `FRAMES` windows. */
async function moved({ motion, drawing }: OpenFace, scope: Scope): Promise<MotionFrame[]> {
  scope.own(motion);
  scope.own(drawing);
  const frames: (MotionFrame | undefined)[] = [];
  for (let frame = 0; frame < FRAMES; frame++) {
    const values = Float32Array.from({ length: MEL_BANDS * MEL_WINDOW_FRAMES }, (_, at) => Math.sin(at * (frame + 1)));
    frames.push(await motion.next({ values, mediaUs: frame * 40_000 }, 'speaking'));
  }
  return [...frames, ...await motion.finish()].filter((frame) => frame !== undefined);
}

function assertNear(actual: Float32Array, expected: Float32Array, note: string): void {
  actual.forEach((value, column) => { assert.ok(Math.abs(value - expected[column]!) < 1e-5, `column ${column} of the ${note}: ${value}, not ${expected[column]}`); });
}

describe('a film drawn by SadTalker’s networks', { timeout: 120_000 }, () => {
  let pack: Awaited<ReturnType<typeof makeMiniPack>>;
  let folder: string;
  let avatar: Avatar;
  let twoFrames: string;

  before(async () => {
    pack = await makeMiniPack();
    folder = await mkdtemp(join(tmpdir(), 'orator-film-'));
    avatar = await readAvatar(join(modelsFolder, 'portraits/hopper'), true);
    twoFrames = join(folder, 'two.gif');
    await writeTwoFrames(twoFrames, avatar);
  });
  after(async () => {
    await pack[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const settings = (): SadTalkerSettings => ({ folder: pack.packFolder, device: 'cpu', precision: 'fp32', size: 256, preprocess: 'crop', batch: 1, threads: 1, leastFps: 0 });

  /** The motions of a short film. */
  const motions = async (more: Partial<SadTalkerFilm>): Promise<MotionFrame[]> => {
    await using scope = new Scope();
    const film = { settings: settings(), still: false, poseStyle: 0, expressionScale: 1, anglesDeg: {}, ...more };
    return await moved(await openSadTalkerFilm(film, { avatar, seed: SEED, modelsFolder, scope, logger: silentLogger, signal: undefined, countFrames: () => Promise.resolve(FRAMES) }), scope);
  };

  it('turns the head along the angles that are given, over its whole length, and leaves the others to the networks', async () => {
    assert.deepEqual((await motions({})).map(({ view }) => view), Array.from({ length: FRAMES }, () => undefined));
    const turned = await motions({ anglesDeg: { yaw: [0, 20, -20], roll: [7] } });
    assert.deepEqual(turned.map(({ view }) => view), [...viewPath([0, 20, -20], FRAMES)].map((yawDeg) => ({ yawDeg, rollDeg: 7 })));
  });

  it('adds how the head of a pose video moves to the pose alone, and takes the face of a blink video for the portrait’s in the expression alone', async (context) => {
    const readTrack = context.mock.method(SadTalkerPack.prototype, 'readTrack');
    const own = rowsOf(await motions({}));
    const posed = rowsOf(await motions({ poseVideo: twoFrames }));
    const blinking = rowsOf(await motions({ blinkVideo: twoFrames }));
    const track = await readTrack.mock.calls[0]?.result;
    assert.ok(track !== undefined);
    const seen = [track.subarray(0, MOTION_COLUMNS), track.subarray(MOTION_COLUMNS)] as const;
    assert.equal(track.length, 2 * MOTION_COLUMNS);
    assert.ok(seen.every((row) => row.slice(EXPRESSION_COLUMNS).some((value, column) => value !== track[column])));
    for (const [frame, row] of own.entries()) {
      const added = row.map((_, column) => (column < EXPRESSION_COLUMNS ? 0 : seen[frame % 2]![column]! - seen[0][column]!));
      assertNear(posed[frame]!, row.map((value, column) => value + added[column]!), `posed frame ${frame}`);
      assertNear(blinking[frame]!.subarray(EXPRESSION_COLUMNS), row.subarray(EXPRESSION_COLUMNS), `pose of blinking frame ${frame}`);
    }
    await using scope = new Scope();
    const networks = scope.own(await SadTalkerPack.open(settings(), { film: true, logger: silentLogger, stats: noStats }));
    const referenceExpressions = Float32Array.of(...seen[0].subarray(0, EXPRESSION_COLUMNS), ...seen[1].subarray(0, EXPRESSION_COLUMNS));
    const face = await networks.openFace(avatar, { ...FACE_DEFAULTS, seed: SEED, lookAheadFrames: FULL_LOOK_AHEAD_FRAMES }, { referenceExpressions });
    assert.deepEqual(blinking, rowsOf(await moved(face, scope)));
    assert.notDeepEqual(blinking.map((row) => row[0]), own.map((row) => row[0]));
  });
});
