import type { OnnxModel } from '../inference/onnx-model.ts';
import { EYE_CONTOUR_POINTS, MESH_POINTS } from './avatar.ts';
import type { DetectedFace } from './face-detector.ts';
import type { Point, RgbImage } from './rgb-image.ts';
import { cropSquare, regionToImage } from './square-crop.ts';
import type { SquareRegion } from './square-crop.ts';

/** The outline of a face, in pixels of the picture; shapes and order are those of `Avatar`. */
export interface FaceOutline {
  /** Confidence that the mesh lies on a face, 0..1. */
  readonly score: number;
  readonly landmarks: Float32Array;
  readonly leftEye: Float32Array;
  readonly rightEye: Float32Array;
  readonly leftIris: Float32Array;
  readonly rightIris: Float32Array;
}

/** Side of the mesh network's input in samples. */
const MESH_INPUT = 192;

/** Side of the iris network's input in samples. */
const IRIS_INPUT = 64;

/** Side of the square shown to the mesh network, in sides of the face's box. */
const FACE_MARGIN = 1.5;

/** Side of the square shown to the iris network, in widths of the eye. */
const EYE_MARGIN = 2.3;

/** Mesh points of the outer corners of the eyes on the left and on the right of the picture. */
const LEFT_EYE_OUTER = 33;
const RIGHT_EYE_OUTER = 263;

/** Their inner corners. */
const LEFT_EYE_INNER = 133;
const RIGHT_EYE_INNER = 362;

/** Points of an iris: centre, then four on its rim. */
const IRIS_POINTS = 5;

/** Order of the iris points in a mirrored crop: right and left change places. */
const MIRRORED_IRIS = [0, 3, 2, 1, 4] as const;

/** Least confidence of the mesh network: below, what was found is no face. */
export const LEAST_MESH_SCORE = 0.5;

/** A mesh laid on a face. */
export interface PlacedMesh {
  /** Confidence that it lies on a face, 0..1. */
  readonly score: number;
  /** 468 × 3: x, y and z in pixels of the picture. */
  readonly points: Float32Array;
}

/**
 * Places MediaPipe's 468-point mesh on a face and takes the eyelids and irises from its iris network.
 * The first pass starts from the detector's box, the second from the first mesh, level and centred.
 */
export class FaceMesh {
  readonly #mesh: OnnxModel;
  readonly #iris: OnnxModel;

  constructor(models: { mesh: OnnxModel; iris: OnnxModel }) {
    this.#mesh = models.mesh;
    this.#iris = models.iris;
  }

  /** Returns the outline of a detected face. */
  async outline(image: RgbImage, face: DetectedFace): Promise<FaceOutline> {
    const { points, score } = await this.place(image, face);
    const left = await this.#eye(image, eyeRegion(points, LEFT_EYE_INNER, LEFT_EYE_OUTER), true);
    const right = await this.#eye(image, eyeRegion(points, RIGHT_EYE_INNER, RIGHT_EYE_OUTER), false);
    return {
      score, landmarks: points, leftEye: left.contour, rightEye: right.contour, leftIris: left.iris, rightIris: right.iris,
    };
  }

  /** Returns the mesh of a detected face, without its irises. */
  async place(image: RgbImage, face: DetectedFace): Promise<PlacedMesh> {
    const first = await this.#placeIn(image, {
      centre: face.centre,
      sidePx: face.sidePx * FACE_MARGIN,
      angleRad: Math.atan2(face.rightEye.y - face.leftEye.y, face.rightEye.x - face.leftEye.x),
    });
    return this.#placeIn(image, faceRegion(first.points));
  }

  async #placeIn(image: RgbImage, region: SquareRegion): Promise<PlacedMesh> {
    const data = cropSquare(image, region, { size: MESH_INPUT, scale: 1 / 255, offset: 0 });
    const outputs = await this.#mesh.run({ image: { dims: [1, MESH_INPUT, MESH_INPUT, 3], data } });
    const mesh = outputs['mesh']?.data;
    const score = outputs['score']?.data[0];
    if (!(mesh instanceof Float32Array) || typeof score !== 'number') {
      throw new TypeError('The face mesh network has no outputs mesh and score.');
    }
    const points = new Float32Array(MESH_POINTS * 3);
    for (let index = 0; index < points.length; index += 3) {
      const point = regionToImage(region, mesh[index]! / MESH_INPUT, mesh[index + 1]! / MESH_INPUT);
      points[index] = point.x;
      points[index + 1] = point.y;
      points[index + 2] = (mesh[index + 2]! / MESH_INPUT) * region.sidePx;
    }
    return { score, points };
  }

  /** The network knows the eye on the right of the picture; the other one is shown mirrored. */
  async #eye(image: RgbImage, region: SquareRegion, mirrored: boolean): Promise<{ contour: Float32Array; iris: Float32Array }> {
    const data = cropSquare(image, region, { size: IRIS_INPUT, scale: 1 / 255, offset: 0, mirrored });
    const outputs = await this.#iris.run({ image: { dims: [1, IRIS_INPUT, IRIS_INPUT, 3], data } });
    const values = outputs['contours']?.data;
    if (!(values instanceof Float32Array)) {
      throw new TypeError('The iris network has no output contours.');
    }
    const write = (into: Float32Array, at: number, from: number): void => {
      const u = values[3 * from]! / IRIS_INPUT;
      const point = regionToImage(region, mirrored ? 1 - u : u, values[3 * from + 1]! / IRIS_INPUT);
      into[2 * at] = point.x;
      into[2 * at + 1] = point.y;
    };
    const contour = new Float32Array(EYE_CONTOUR_POINTS * 2);
    for (let index = 0; index < EYE_CONTOUR_POINTS; index++) {
      write(contour, index, index);
    }
    const iris = new Float32Array(IRIS_POINTS * 2);
    for (let index = 0; index < IRIS_POINTS; index++) {
      write(iris, index, EYE_CONTOUR_POINTS + (mirrored ? MIRRORED_IRIS[index]! : index));
    }
    return { contour, iris };
  }
}

/** Returns a mesh point's position in the picture. */
export function meshPoint(points: Float32Array, index: number): Point {
  return { x: points[3 * index]!, y: points[3 * index + 1]! };
}

/** The square around a mesh, level with its eyes. */
function faceRegion(points: Float32Array): SquareRegion {
  const angleRad = angleBetween(meshPoint(points, LEFT_EYE_OUTER), meshPoint(points, RIGHT_EYE_OUTER));
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (let index = 0; index < MESH_POINTS; index++) {
    const { x, y } = meshPoint(points, index);
    const across = x * cos + y * sin;
    const down = y * cos - x * sin;
    left = Math.min(left, across);
    right = Math.max(right, across);
    top = Math.min(top, down);
    bottom = Math.max(bottom, down);
  }
  const across = (left + right) / 2;
  const down = (top + bottom) / 2;
  return {
    centre: { x: across * cos - down * sin, y: across * sin + down * cos },
    sidePx: Math.max(right - left, bottom - top) * FACE_MARGIN,
    angleRad,
  };
}

/** The square around one eye, level with both. */
function eyeRegion(points: Float32Array, inner: number, outer: number): SquareRegion {
  const a = meshPoint(points, inner);
  const b = meshPoint(points, outer);
  return {
    centre: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
    sidePx: Math.hypot(a.x - b.x, a.y - b.y) * EYE_MARGIN,
    angleRad: angleBetween(meshPoint(points, LEFT_EYE_OUTER), meshPoint(points, RIGHT_EYE_OUTER)),
  };
}

function angleBetween(from: Point, to: Point): number {
  return Math.atan2(to.y - from.y, to.x - from.x);
}
