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

/** The network's values up to the first count as background and from the second on as person, before edges are fitted. */
const DOUBTFUL = 0.25;
const CERTAIN = 0.65;

/** Coverage up to the first becomes none and from the second on becomes full: this takes haze away. */
const CLEAR = 0.2;
const SOLID = 0.88;

/**
 * Empty space added above and on either side of the picture when it is shown to the network, in samples of the network.
 * Tight portraits are not what it was trained on: with some room around it, a hat at the border is seen as part of the person.
 */
const VIEWS = Object.freeze([{ top: 0, side: 0 }, { top: 24, side: 12 }, { top: 52, side: 26 }] as const);

/** Finds the person in a picture with MediaPipe's selfie segmentation. */
export class PersonMatte {
  readonly #model: OnnxModel;

  constructor(model: OnnxModel) {
    this.#model = model;
  }

  /** Returns the person's coverage, 0 (background) to 255, `width * height` bytes, with edges that follow those of the picture. */
  async find(image: RgbImage): Promise<Uint8Array> {
    const mattes: Float32Array[] = [];
    for (const view of VIEWS) {
      mattes.push(await this.#findInView(image, view));
    }
    const [a, b, c] = mattes as [Float32Array, Float32Array, Float32Array];
    const coarse = a.map((value, index) => stretch(median(value, b[index]!, c[index]!), DOUBTFUL, CERTAIN));
    return refineMatte(image, coarse, { width: NET_SIZE, height: NET_SIZE });
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
export function refineMatte(image: RgbImage, coarse: Float32Array, coarseSize: PlaneSize): Uint8Array {
  const { width, height, data } = image;
  const half: PlaneSize = { width: Math.round(width / FIT_STEP), height: Math.round(height / FIT_STEP) };
  const model = fitColourModel(reduceImage(image, half), resizePlane(coarse, coarseSize, half), half, FIT_WINDOW);
  const [red, green, blue] = model.slope.map((plane) => resizePlane(plane, half, image)) as [Float32Array, Float32Array, Float32Array];
  const offset = resizePlane(model.offset, half, image);
  const matte = new Uint8Array(width * height);
  for (let pixel = 0; pixel < matte.length; pixel++) {
    const colour = red[pixel]! * data[3 * pixel]! + green[pixel]! * data[3 * pixel + 1]! + blue[pixel]! * data[3 * pixel + 2]!;
    matte[pixel] = Math.round(255 * stretch(colour / 255 + offset[pixel]!, CLEAR, SOLID));
  }
  return matte;
}

/** Maps `low` … `high` to 0 … 1 and cuts off what lies outside. */
function stretch(value: number, low: number, high: number): number {
  return Math.max(0, Math.min(1, (value - low) / (high - low)));
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
