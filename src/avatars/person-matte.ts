import type { OnnxModel } from '../inference/onnx-model.ts';
import type { PlaneSize } from './box-filter.ts';
import { fitColourModel } from './guided-filter.ts';
import { reduceImage } from './image-reduce.ts';
import { resizePlane } from './plane-resize.ts';
import type { RgbImage } from './rgb-image.ts';

/** Side of the network's input and output in samples. */
const NET_SIZE = 256;

/** Pixels of the picture per pixel, along one axis, where edges are fitted. */
const FIT_STEP = 2;

/** Where edges are fitted: radius in pixels of the reduced picture, and the colour variance taken for noise. */
const FIT_WINDOW = Object.freeze({ radius: 5, epsilon: 1e-4 });

/** Rows of the network's output at the upper border that are not believed. */
const TOP_BAND = 9;

/** Values up to the first count as background, from the second on as person. */
interface Doubt {
  readonly from: number;
  readonly to: number;
}

/**
 * How the network's values are read before edges are fitted. The head moves, and background taken along with it would be seen; the body
 * hardly does, and there a shred of it that is left behind would be seen. So what is doubtful is background beside the head and person below.
 */
const NET_DOUBT: Readonly<Record<'head' | 'body', Doubt>> = Object.freeze({ head: { from: 0.4, to: 0.8 }, body: { from: 0.05, to: 0.3 } });

/** How the fitted values are read: this takes haze away. */
const EDGE_DOUBT: Readonly<Record<'head' | 'body', Doubt>> = Object.freeze({ head: { from: 0.2, to: 0.88 }, body: { from: 0.15, to: 0.6 } });

/**
 * Empty space added above and on either side of the picture when it is shown to the network, in samples of the network.
 * Tight portraits are not what it was trained on: with some room around it, a hat at the border is seen as part of the person.
 */
const VIEWS = Object.freeze([{ top: 0, side: 0 }, { top: 24, side: 12 }, { top: 52, side: 26 }] as const);

/** The line across a portrait from which on down a person is body, in pixels: from (x, y) on it fades in over the length of the vector 1 / (downX, downY). */
export interface BodyLine {
  readonly x: number;
  readonly y: number;
  /** Direction down the face, in parts of the fade for each pixel. */
  readonly downX: number;
  readonly downY: number;
}

/** Finds the person in a picture with MediaPipe's selfie segmentation. */
export class PersonMatte {
  readonly #model: OnnxModel;

  constructor(model: OnnxModel) {
    this.#model = model;
  }

  /**
   * Returns the person's coverage, 0 (background) to 255, `width * height` bytes, with edges that follow those of the picture.
   * @param body Where the body begins.
   */
  async find(image: RgbImage, body: BodyLine): Promise<Uint8Array> {
    const mattes: Float32Array[] = [];
    for (const view of VIEWS) {
      mattes.push(await this.#findInView(image, view));
    }
    const [a, b, c] = mattes as [Float32Array, Float32Array, Float32Array];
    const found = a.map((value, index) => median(value, b[index]!, c[index]!));
    continueToTop(found);
    const coarse = found.map((value, index) => {
      const x = (((index % NET_SIZE) + 0.5) * image.width) / NET_SIZE;
      const y = ((Math.floor(index / NET_SIZE) + 0.5) * image.height) / NET_SIZE;
      return stretch(value, NET_DOUBT, bodyShare(body, x, y));
    });
    return refineMatte(image, coarse, { width: NET_SIZE, height: NET_SIZE }, body);
  }

  /** Returns the network's matte of the picture in one view, `NET_SIZE` squared, 0..1. */
  async #findInView(image: RgbImage, { top, side }: { top: number; side: number }): Promise<Float32Array> {
    const inner: PlaneSize = { width: NET_SIZE - 2 * side, height: NET_SIZE - top };
    const planes = reduceImage(image, inner);
    const data = new Float32Array(NET_SIZE * NET_SIZE * 3);
    for (let index = 0; index < NET_SIZE * NET_SIZE; index++) {
      const x = Math.max(0, Math.min(inner.width - 1, (index % NET_SIZE) - side));
      const y = Math.max(0, Math.floor(index / NET_SIZE) - top);
      for (let channel = 0; channel < 3; channel++) {
        data[3 * index + channel] = planes[channel]![y * inner.width + x]!;
      }
    }
    const outputs = await this.#model.run({ image: { dims: [1, NET_SIZE, NET_SIZE, 3], data } });
    const matte = outputs['matte']?.data;
    if (!(matte instanceof Float32Array)) {
      throw new TypeError('The segmentation network has no output matte.');
    }
    const cut = new Float32Array(inner.width * inner.height);
    for (let y = 0; y < inner.height; y++) {
      const start = (y + top) * NET_SIZE + side;
      cut.set(matte.subarray(start, start + inner.width), y * inner.width);
    }
    return resizePlane(cut, inner, { width: NET_SIZE, height: NET_SIZE });
  }
}

/**
 * Enlarges a coarse matte (0..1) to the size of its picture so that its edges follow those of the picture:
 * a fast guided filter (He and Sun, 2015), fitted at half size and applied at full size.
 */
export function refineMatte(image: RgbImage, coarse: Float32Array, coarseSize: PlaneSize, body: BodyLine): Uint8Array {
  const { width, height, data } = image;
  const half: PlaneSize = { width: Math.round(width / FIT_STEP), height: Math.round(height / FIT_STEP) };
  const model = fitColourModel(reduceImage(image, half), resizePlane(coarse, coarseSize, half), half, FIT_WINDOW);
  const [red, green, blue] = model.slope.map((plane) => resizePlane(plane, half, image)) as [Float32Array, Float32Array, Float32Array];
  const offset = resizePlane(model.offset, half, image);
  const matte = new Uint8Array(width * height);
  for (let pixel = 0; pixel < matte.length; pixel++) {
    const colour = red[pixel]! * data[3 * pixel]! + green[pixel]! * data[3 * pixel + 1]! + blue[pixel]! * data[3 * pixel + 2]!;
    matte[pixel] = Math.round(255 * stretch(colour / 255 + offset[pixel]!, EDGE_DOUBT, bodyShare(body, pixel % width, Math.floor(pixel / width))));
  }
  return matte;
}

/** The network loses heads that touch the upper border: who is there a little below it is there up to it. */
function continueToTop(values: Float32Array): void {
  const first = TOP_BAND * NET_SIZE;
  for (let index = first - 1; index >= 0; index--) {
    values[index] = Math.max(values[index]!, values[first + (index % NET_SIZE)]!);
  }
}

/** Returns 0 beside the head, 1 from the body on. */
function bodyShare({ x, y, downX, downY }: BodyLine, xPx: number, yPx: number): number {
  return Math.max(0, Math.min(1, (xPx - x) * downX + (yPx - y) * downY));
}

/** Maps the range of doubt to 0 … 1 and cuts off what lies outside. */
function stretch(value: number, { head, body }: typeof NET_DOUBT, share: number): number {
  const from = head.from + (body.from - head.from) * share;
  const to = head.to + (body.to - head.to) * share;
  return Math.max(0, Math.min(1, (value - from) / (to - from)));
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
