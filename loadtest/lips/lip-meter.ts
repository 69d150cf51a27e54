import { fileURLToPath } from 'node:url';
import { MESH_POINTS, type Avatar } from '../../src/avatars/avatar.ts';
import type { RgbImage } from '../../src/avatars/rgb-image.ts';
import { cropSquare, regionToImage, type SquareRegion } from '../../src/avatars/square-crop.ts';
import type { Picture } from '../../src/base/picture.ts';
import type { Closeable } from '../../src/base/scope.ts';
import type { OnnxModel } from '../../src/inference/onnx-model.ts';
import { OnnxThread } from '../../src/inference/onnx-thread.ts';
import { faceFrame, facePoint } from '../../src/render/face-frame.ts';

/** Side of the mesh network's input in samples, and of the square it is shown, in sides of the face's own box. */
const MESH_INPUT = 192;
const FACE_MARGIN = 1.5;

/** Middle pairs of the inner lips, upper with lower; the gap is their mean. */
const MIDDLE_PAIRS = [[81, 178], [82, 87], [13, 14], [312, 317], [311, 402]] as const;

/** Outer corners of the mouth and of the eyes. */
const CORNERS = [61, 291] as const;
const EYES = [33, 263] as const;

/** The mouth as it is seen in a picture, in millimetres of the face frame. */
export interface SeenLips {
  readonly gapMm: number;
  readonly widthMm: number;
}

/** Measures lips in drawn pictures with the face mesh network. */
export class LipMeter implements Closeable {
  readonly #thread: OnnxThread;
  readonly #model: OnnxModel;

  private constructor(thread: OnnxThread, model: OnnxModel) {
    this.#thread = thread;
    this.#model = model;
  }

  /** Loads the network. */
  static async open(): Promise<LipMeter> {
    const thread = new OnnxThread();
    return new LipMeter(thread, await thread.load(fileURLToPath(new URL('../../models/face/facemesh.onnx', import.meta.url))));
  }

  /** Returns the lips in a picture of an avatar; the square looked at is that of the portrait's face, as heads move little. */
  async measure(picture: Picture, avatar: Avatar): Promise<SeenLips> {
    const region = faceRegion(avatar.landmarks);
    const data = cropSquare(rgbOf(picture), region, { size: MESH_INPUT, scale: 1 / 255, offset: 0 });
    const { mesh } = await this.#model.run({ image: { dims: [1, MESH_INPUT, MESH_INPUT, 3], data } });
    if (!(mesh?.data instanceof Float32Array)) {
      throw new TypeError('The face mesh network has no output mesh.');
    }
    const landmarks = new Float32Array(MESH_POINTS * 3);
    for (let at = 0; at < landmarks.length; at += 3) {
      const point = regionToImage(region, mesh.data[at]! / MESH_INPUT, mesh.data[at + 1]! / MESH_INPUT);
      landmarks[at] = point.x;
      landmarks[at + 1] = point.y;
      landmarks[at + 2] = (mesh.data[at + 2]! / MESH_INPUT) * region.sidePx;
    }
    return lipsOf(landmarks);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

/** Returns the gap between the inner lips (mean of five middle pairs) and the width between the mouth's corners. */
function lipsOf(landmarks: Float32Array): SeenLips {
  const frame = faceFrame(landmarks);
  const at = (index: number): { u: number; v: number } => facePoint(frame, landmarks, index);
  const gapMm = MIDDLE_PAIRS.reduce((sum, [upper, lower]) => sum + at(lower).v - at(upper).v, 0) / MIDDLE_PAIRS.length;
  const [left, right] = [at(CORNERS[0]), at(CORNERS[1])];
  return { gapMm, widthMm: Math.hypot(right.u - left.u, right.v - left.v) };
}

/** The square around a mesh, level with its eyes. */
function faceRegion(points: Float32Array): SquareRegion {
  const [left, right] = EYES.map((index) => ({ x: points[3 * index]!, y: points[3 * index + 1]! })) as [{ x: number; y: number }, { x: number; y: number }];
  const angleRad = Math.atan2(right.y - left.y, right.x - left.x);
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  const across: number[] = [];
  const down: number[] = [];
  for (let at = 0; at < points.length; at += 3) {
    across.push(points[at]! * cos + points[at + 1]! * sin);
    down.push(points[at + 1]! * cos - points[at]! * sin);
  }
  const middle = (values: readonly number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  const size = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
  return {
    centre: { x: middle(across) * cos - middle(down) * sin, y: middle(across) * sin + middle(down) * cos },
    sidePx: Math.max(size(across), size(down)) * FACE_MARGIN,
    angleRad,
  };
}

/** Turns an I420 picture (BT.601, limited range) into RGB. */
export function rgbOf({ width, height, data: planes }: Pick<Picture, 'width' | 'height' | 'data'>): RgbImage {
  const data = new Uint8Array(width * height * 3);
  const half = width >> 1;
  const planeU = width * height;
  const planeV = planeU + planeU / 4;
  const clamped = new Uint8ClampedArray(data.buffer);
  for (let y = 0, at = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const chroma = (y >> 1) * half + (x >> 1);
      const luma = 1.164383 * (planes[pixel]! - 16);
      const u = planes[planeU + chroma]! - 128;
      const v = planes[planeV + chroma]! - 128;
      clamped[at++] = luma + 1.596027 * v;
      clamped[at++] = luma - 0.391762 * u - 0.812968 * v;
      clamped[at++] = luma + 2.017232 * u;
    }
  }
  return { width, height, data };
}
