import { MOTION_COLUMNS } from '../../base/coefficient-layout.ts';
import { AvatarError } from '../../base/errors.ts';
import type { OnnxModel } from '../../inference/onnx-model.ts';
import { PreparationThread } from '../preparation-thread.ts';
import type { RgbImage } from '../rgb-image.ts';
import { CuttingThread } from './cutting-thread.ts';
import { Face3dModel } from './face3d-model.ts';
import type { Box } from './face-crop.ts';
import type { Point } from './landmarks.ts';
import { meshLandmarks } from './mesh-landmarks.ts';
import { cutBox, portraitBox } from './portrait-cut.ts';

/** Side of the face's square: the reference uses the small one for videos, whatever the networks' pictures have. */
const FACE_PX = 256;

/** What reads a track. */
export interface ReferenceTrackParts {
  /** The network that fits the morphable model; who loaded it closes it. */
  readonly face3d: OnnxModel;
  /** The folder that holds `face/*.onnx`. */
  readonly modelsFolder: string;
}

/**
 * Returns the face's coefficients in each frame of a video, frames × 70: expression 64 | angles 3, translation 3.
 * The frames are all cut as the first one's largest face wants it; where a frame shows no face, the landmarks before are used again.
 * Frames are taken one by one and must all have one size.
 * @throws AvatarError `no_face` when the first frame shows none, `model_missing` when a network's file is missing or damaged.
 */
export async function readReferenceTrack(frames: AsyncIterable<RgbImage>, { face3d, modelsFolder }: ReferenceTrackParts): Promise<Float32Array> {
  const model = new Face3dModel(face3d);
  await using finder = new PreparationThread(modelsFolder);
  await using cutter = new CuttingThread();
  const rows: Float32Array[] = [];
  let face: TrackedFace | undefined;
  for await (const frame of frames) {
    face ??= await firstFace(frame, finder);
    const picture = face.cut(frame);
    const mesh = await finder.findMesh(picture);
    face.landmarks = mesh === undefined ? face.landmarks : meshLandmarks(mesh);
    const row = await model.fit(await cutter.alignFace({ picture, landmarks: face.landmarks, sizePx: FACE_PX }));
    rows.push(row.subarray(0, MOTION_COLUMNS));
  }
  const track = new Float32Array(rows.length * MOTION_COLUMNS);
  rows.forEach((row, frame) => { track.set(row, frame * MOTION_COLUMNS); });
  return track;
}

/** Where a video's face is. */
class TrackedFace {
  /** Those seen last, in pixels of the cut frame. */
  landmarks: readonly Point[];
  readonly #size: { readonly width: number; readonly height: number };
  readonly #box: Box;

  constructor({ width, height }: RgbImage, landmarks: readonly Point[]) {
    this.#size = { width, height };
    this.#box = portraitBox(this.#size, landmarks, 'crop');
    const { left, top } = this.#box;
    this.landmarks = landmarks.map(([x, y]): Point => [x - left, y - top]);
  }

  /**
   * Returns the face's part of a frame.
   * @throws TypeError when the frame has another size than the first.
   */
  cut(frame: RgbImage): RgbImage {
    if (frame.width !== this.#size.width || frame.height !== this.#size.height) {
      throw new TypeError(`A video's frames have one size; after ${this.#size.width} × ${this.#size.height} came ${frame.width} × ${frame.height}.`);
    }
    return cutBox(frame, this.#box);
  }
}

async function firstFace(frame: RgbImage, finder: PreparationThread): Promise<TrackedFace> {
  const mesh = await finder.findMesh(frame);
  if (mesh === undefined) {
    throw new AvatarError('no_face', 'The first frame of the reference video shows no face. Send one that begins with a face that looks at the camera.');
  }
  return new TrackedFace(frame, meshLandmarks(mesh));
}
