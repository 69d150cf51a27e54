import type { OnnxModel } from '../inference/onnx-model.ts';
import type { NamedTensors } from '../inference/tensor.ts';
import type { Point, RgbImage } from './rgb-image.ts';
import { cropSquare, regionToImage } from './square-crop.ts';
import type { SquareRegion } from './square-crop.ts';

/** A face found in a picture, in pixels of that picture. */
export interface DetectedFace {
  /** Confidence, 0..1. */
  readonly score: number;
  /** Centre of the box. */
  readonly centre: Point;
  /** Side of the box, which reaches from the brows to the chin, in pixels. */
  readonly sidePx: number;
  /** Middle of the eye on the left of the picture. */
  readonly leftEye: Point;
  /** Middle of the eye on the right of the picture. */
  readonly rightEye: Point;
}

/** Side of BlazeFace's input in samples. */
const INPUT_SIZE = 256;

/** Values per anchor: centre x, y, width, height, then x, y of six keypoints; the first two are the eyes. */
const VALUES_PER_ANCHOR = 16;

/** Least score of a face. */
const LEAST_SCORE = 0.5;

/** Boxes that share more than this part of their union are one face. */
const MOST_OVERLAP = 0.3;

/** The two anchor grids of BlazeFace (back camera, 256): cells along a side and anchors per cell. */
const GRIDS = [
  { cells: 16, anchors: 2, scores: 'scores16', boxes: 'boxes16' },
  { cells: 8, anchors: 6, scores: 'scores8', boxes: 'boxes8' },
] as const;

/** Finds faces with MediaPipe's BlazeFace. */
export class FaceDetector {
  readonly #model: OnnxModel;

  constructor(model: OnnxModel) {
    this.#model = model;
  }

  /**
   * Returns the faces of a picture, best first. When the whole picture shows none, overlapping quarters are searched,
   * so that a small face in a large picture is found too.
   */
  async detect(image: RgbImage): Promise<DetectedFace[]> {
    const faces = await this.#detectIn(image, wholeRegion(image));
    if (faces.length > 0) {
      return faces;
    }
    const found: DetectedFace[] = [];
    for (const region of quarterRegions(image)) {
      found.push(...await this.#detectIn(image, region));
    }
    return suppressOverlaps(found);
  }

  async #detectIn(image: RgbImage, region: SquareRegion): Promise<DetectedFace[]> {
    const data = cropSquare(image, region, { size: INPUT_SIZE, scale: 1 / 127.5, offset: -1 });
    const outputs = await this.#model.run({ image: { dims: [1, INPUT_SIZE, INPUT_SIZE, 3], data } });
    return decodeFaces(outputs, region);
  }
}

/**
 * Turns BlazeFace's output tensors (scores 512 and 384, boxes 512 × 16 and 384 × 16, relative to the anchor in input samples)
 * into the faces of the region they were computed from, best first, one per face.
 */
export function decodeFaces(outputs: NamedTensors, region: SquareRegion): DetectedFace[] {
  const faces: DetectedFace[] = [];
  for (const grid of GRIDS) {
    const scores = outputs[grid.scores]?.data;
    const boxes = outputs[grid.boxes]?.data;
    if (!(scores instanceof Float32Array) || !(boxes instanceof Float32Array)) {
      throw new TypeError(`The face detector's outputs ${grid.scores} and ${grid.boxes} are missing.`);
    }
    for (let anchor = 0; anchor < scores.length; anchor++) {
      const score = 1 / (1 + Math.exp(-scores[anchor]!));
      if (score >= LEAST_SCORE) {
        const cell = Math.floor(anchor / grid.anchors);
        const values = boxes.subarray(anchor * VALUES_PER_ANCHOR, (anchor + 1) * VALUES_PER_ANCHOR);
        const cellCentre = { x: ((cell % grid.cells) + 0.5) / grid.cells, y: (Math.floor(cell / grid.cells) + 0.5) / grid.cells };
        faces.push(decodeFace(values, cellCentre, score, region));
      }
    }
  }
  return suppressOverlaps(faces);
}

function decodeFace(values: Float32Array, cellCentre: Point, score: number, region: SquareRegion): DetectedFace {
  const point = (index: number): Point =>
    regionToImage(region, cellCentre.x + values[index]! / INPUT_SIZE, cellCentre.y + values[index + 1]! / INPUT_SIZE);
  return {
    score,
    centre: point(0),
    sidePx: (Math.max(values[2]!, values[3]!) / INPUT_SIZE) * region.sidePx,
    leftEye: point(4),
    rightEye: point(6),
  };
}

/** Keeps the best of all boxes that overlap. */
function suppressOverlaps(faces: readonly DetectedFace[]): DetectedFace[] {
  const kept: DetectedFace[] = [];
  for (const face of [...faces].sort((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlap(face, other) < MOST_OVERLAP)) {
      kept.push(face);
    }
  }
  return kept;
}

/** Intersection over union of two square boxes. */
function overlap(a: DetectedFace, b: DetectedFace): number {
  const shared = (p: number, q: number): number =>
    Math.max(0, Math.min(p + a.sidePx / 2, q + b.sidePx / 2) - Math.max(p - a.sidePx / 2, q - b.sidePx / 2));
  const intersection = shared(a.centre.x, b.centre.x) * shared(a.centre.y, b.centre.y);
  return intersection / (a.sidePx ** 2 + b.sidePx ** 2 - intersection);
}

function wholeRegion({ width, height }: RgbImage): SquareRegion {
  return { centre: { x: (width - 1) / 2, y: (height - 1) / 2 }, sidePx: Math.max(width, height), angleRad: 0 };
}

/** Squares of half the longer side, half overlapping, that cover the picture. */
function quarterRegions({ width, height }: RgbImage): SquareRegion[] {
  const sidePx = Math.max(width, height) / 2;
  const centres = (length: number): number[] => {
    const count = Math.max(1, Math.ceil((length - sidePx) / (sidePx / 2)) + 1);
    const first = Math.min(length, sidePx) / 2;
    return Array.from({ length: count }, (_, index) => first + (count === 1 ? 0 : (index * (length - 2 * first)) / (count - 1)) - 0.5);
  };
  return centres(height).flatMap((y) => centres(width).map((x) => ({ centre: { x, y }, sidePx, angleRad: 0 })));
}
