import { MOTION_COLUMNS } from '../../base/coefficient-layout.ts';
import { AvatarError } from '../../base/errors.ts';
import type { OnnxModel } from '../../inference/onnx-model.ts';
import { PreparationThread } from '../preparation-thread.ts';
import type { RgbImage } from '../rgb-image.ts';
import { CuttingThread } from './cutting-thread.ts';
import { Face3dModel } from './face3d-model.ts';
import type { Box } from './face-crop.ts';
import type { FaceTensor } from './face-tensor.ts';
import type { Point } from './landmarks.ts';
import { meshLandmarks } from './mesh-landmarks.ts';
import type { PreprocessMode } from './neural-portrait.ts';
import { cutBox, portraitBox } from './portrait-cut.ts';

/** Side of the face's square: the reference uses the small one for videos, whatever the networks' pictures have. */
const FACE_PX = 256;

/** What reads a track. */
export interface ReferenceTrackParts {
  /** The network that fits the morphable model; who loaded it closes it. */
  readonly face3d: OnnxModel;
  /** The folder that holds `face/*.onnx`. */
  readonly modelsFolder: string;
  /** How the frames are cut: as the portrait is. */
  readonly mode: PreprocessMode;
}

/**
 * Returns the face's coefficients in each frame of a video, frames × 70: expression 64 | angles 3, translation 3.
 * The frames are all cut as the first one's largest face wants it; where a frame shows no face, the landmarks before are used again.
 * Frames are taken one by one and must all have one size.
 * @throws AvatarError `no_face` when the first frame shows none, `model_missing` when a network's file is missing or damaged.
 */
export async function readReferenceTrack(frames: AsyncIterable<RgbImage>, { face3d, modelsFolder, mode }: ReferenceTrackParts): Promise<Float32Array> {
  const model = new Face3dModel(face3d);
  await using finder = new PreparationThread(modelsFolder);
  await using cutter = new CuttingThread();
  const follower = new FaceFollower(finder, cutter, mode);
  const rows: Float32Array[] = [];
  const fit = async (tensor: FaceTensor | undefined): Promise<void> => {
    if (tensor !== undefined) {
      rows.push(await model.fit(tensor));
    }
  };
  let aligned: FaceTensor | undefined;
  for await (const frame of frames) {
    // The frame before is fitted while this one is aligned.
    [aligned] = await Promise.all([follower.align(frame), fit(aligned)]);
  }
  await fit(aligned);
  const track = new Float32Array(rows.length * MOTION_COLUMNS);
  rows.forEach((row, frame) => { track.set(row.subarray(0, MOTION_COLUMNS), frame * MOTION_COLUMNS); });
  return track;
}

/** What a video's first frame settles, and where the face was seen last. */
interface FollowedFace {
  readonly width: number;
  readonly height: number;
  /** The part of every frame that is looked at. */
  readonly box: Box;
  /** 68 points in pixels of that part. */
  landmarks: readonly Point[];
}

/** Follows a face from frame to frame and aligns it. */
class FaceFollower {
  readonly #finder: PreparationThread;
  readonly #cutter: CuttingThread;
  readonly #mode: PreprocessMode;
  #face: FollowedFace | undefined;

  constructor(finder: PreparationThread, cutter: CuttingThread, mode: PreprocessMode) {
    this.#finder = finder;
    this.#cutter = cutter;
    this.#mode = mode;
  }

  /** Returns the face of the next frame. */
  async align(frame: RgbImage): Promise<FaceTensor> {
    const face = this.#face ??= await this.#first(frame);
    if (frame.width !== face.width || frame.height !== face.height) {
      throw new TypeError(`A video's frames have one size; after ${face.width} × ${face.height} came ${frame.width} × ${frame.height}.`);
    }
    const picture = cutBox(frame, face.box);
    const mesh = await this.#finder.findMesh(picture);
    if (mesh !== undefined) {
      face.landmarks = meshLandmarks(mesh);
    }
    return this.#cutter.alignFace({ picture, landmarks: face.landmarks, sizePx: FACE_PX });
  }

  async #first(frame: RgbImage): Promise<FollowedFace> {
    const mesh = await this.#finder.findMesh(frame);
    if (mesh === undefined) {
      throw new AvatarError('no_face', 'The first frame of the reference video shows no face. Send one that begins with a face that looks at the camera.');
    }
    const { width, height } = frame;
    const landmarks = meshLandmarks(mesh);
    const box = portraitBox({ width, height }, landmarks, this.#mode);
    return { width, height, box, landmarks: landmarks.map(([x, y]): Point => [x - box.left, y - box.top]) };
  }
}
