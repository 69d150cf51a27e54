import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readAvatar } from '../../../src/avatars/avatar-files.ts';
import type { Avatar } from '../../../src/avatars/avatar.ts';
import { avatarPhoto } from '../../../src/avatars/avatar-photo.ts';
import type { RgbImage } from '../../../src/avatars/rgb-image.ts';
import { meshLandmarks } from '../../../src/avatars/sadtalker/mesh-landmarks.ts';
import type { PreprocessMode } from '../../../src/avatars/sadtalker/neural-portrait.ts';
import { cutBox, portraitBox } from '../../../src/avatars/sadtalker/portrait-cut.ts';
import { readReferenceTrack } from '../../../src/avatars/sadtalker/reference-track.ts';
import { MOTION_COLUMNS } from '../../../src/base/coefficient-layout.ts';
import { MODELS_FOLDER } from '../portraits.ts';
import { type LoadedFace3d, loadFace3d, smallFace3d } from './small-face3d.ts';

/** Yields frames one by one, and notes when it was ended. */
class Frames {
  ended = false;
  readonly #frames: readonly RgbImage[];

  constructor(...frames: readonly RgbImage[]) {
    this.#frames = frames;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RgbImage, void, undefined> {
    try {
      for (const frame of this.#frames) {
        yield await Promise.resolve(frame);
      }
    } finally {
      this.ended = true;
    }
  }
}

/** Moves a picture; its edge fills the gap. */
function moved({ width, height, data }: RgbImage, byX: number, byY: number): RgbImage {
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (Math.max(0, Math.min(height - 1, y - byY)) * width + Math.max(0, Math.min(width - 1, x - byX))) * 3;
      result.set(data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { width, height, data: result };
}

const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((value, i) => value - b[i]!));

describe('a reference video\'s track', () => {
  let loaded: LoadedFace3d;
  let avatar: Avatar;
  let photo: RgbImage;
  const read = (frames: Frames, mode: PreprocessMode = 'crop'): Promise<Float32Array> => readReferenceTrack(frames, { face3d: loaded.face3d, modelsFolder: MODELS_FOLDER, mode });

  before(async () => {
    loaded = await loadFace3d(smallFace3d());
    avatar = await readAvatar(join(MODELS_FOLDER, 'portraits', 'astronaut'), true);
    photo = avatarPhoto(avatar);
  });
  after(() => loaded[Symbol.asyncDispose]());

  it('has a row of 70 for each frame, and follows a face that moves', { timeout: 60_000 }, async () => {
    const track = await read(new Frames(photo, moved(photo, 12, -8), photo));
    assert.equal(track.length, 3 * MOTION_COLUMNS);
    const row = (frame: number): Float32Array => track.subarray(frame * MOTION_COLUMNS, (frame + 1) * MOTION_COLUMNS);
    assert.deepEqual(row(2), row(0));
    // Followed, the face is aligned again and gives nearly the same; the next test shows what one that is not followed gives.
    assert.ok(distance(row(1), row(0)) < 0.25 * Math.hypot(...row(0)), `${distance(row(1), row(0))} of ${Math.hypot(...row(0))}`);
  });

  it('uses the landmarks before where a frame shows no face', { timeout: 60_000 }, async () => {
    const { width, height, data } = photo;
    const blank = { width, height, data: new Uint8Array(data.length).fill(90) };
    const track = await read(new Frames(photo, blank, photo));
    const [first, second, third] = [0, 1, 2].map((frame) => track.subarray(frame * MOTION_COLUMNS, (frame + 1) * MOTION_COLUMNS)) as [Float32Array, Float32Array, Float32Array];
    assert.deepEqual(third, first);
    assert.ok(second.every(Number.isFinite));
    assert.notDeepEqual(second, first);
  });

  it('sees the part of the frames that the mode cuts', { timeout: 60_000 }, async () => {
    const landmarks = meshLandmarks(avatar.landmarks);
    const seen: Float32Array[] = [];
    for (const mode of ['crop', 'extcrop'] as const) {
      const cut = cutBox(photo, portraitBox(photo, landmarks, mode));
      seen.push(await read(new Frames(photo), mode));
      assert.deepEqual(await read(new Frames(cut), 'resize'), seen.at(-1), mode);
    }
    assert.notDeepEqual(seen[1], seen[0]);
  });

  it('needs a face in the first frame, and lets the video go when there is none', { timeout: 60_000 }, async () => {
    const frames = new Frames({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) }, photo);
    await assert.rejects(read(frames), { name: 'AvatarError', code: 'no_face' });
    assert.ok(frames.ended);
  });

  it('refuses frames of another size', { timeout: 60_000 }, async () => {
    await assert.rejects(read(new Frames(photo, { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) })), TypeError);
  });

  it('tells of missing networks', { timeout: 60_000 }, async () => {
    await assert.rejects(readReferenceTrack(new Frames(photo), { face3d: loaded.face3d, modelsFolder: '/nowhere', mode: 'crop' }), { code: 'model_missing' });
  });
});
