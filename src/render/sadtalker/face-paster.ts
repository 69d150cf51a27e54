import type { Box } from '../../avatars/sadtalker/face-crop.ts';
import type { PasteKernel } from './paste-kernel.ts';
import { preparePlace, type AxisPixel, type PreparedPlace } from './prepared-place.ts';

/**
 * Feathered part of the box at each edge, of its shorter side. Colours that are 8 levels off leave no line (loadtest/seam.ts);
 * with twice as much, a hat or hair near the edge is seen twice when the head turns.
 */
const FEATHER_SHARE = 0.05;

/** Weights of neighbours, and shares of the face, are over 2⁸. */
const WHOLE = 256;

/** Where and into what faces are pasted. */
export interface PastePlace {
  /** Side of the face in pixels, a multiple of 16. */
  readonly sizePx: number;
  /** Size of the picture, even. */
  readonly width: number;
  readonly height: number;
  /** Part of the picture that the face is stretched over. */
  readonly box: Box;
}

/**
 * Pastes square faces into an I420 picture: bilinear, in whole numbers. Their edges are feathered, but not those on the
 * picture's own border. Only pixels of the box are written.
 */
export class FacePaster {
  readonly #kernel: PasteKernel;
  readonly #place: PreparedPlace;

  /** `base` is the I420 picture below the faces, of the place's size; later changes of it don't count. */
  constructor(kernel: PasteKernel, { sizePx, width, height, box }: PastePlace, base: Uint8Array) {
    const featherPx = Math.max(1, Math.round(FEATHER_SHARE * Math.min(box.right - box.left, box.bottom - box.top)));
    const x = axisOf({ from: box.left, to: box.right, length: width }, sizePx, featherPx);
    const y = axisOf({ from: box.top, to: box.bottom, length: height }, sizePx, featherPx);
    const pixels = width * height;
    const luma = { faceAt: 0, side: sizePx, pictureAt: box.top * width + box.left, stride: width, columns: x.luma, rows: y.luma };
    const blue = {
      faceAt: sizePx ** 2, side: sizePx / 2, pictureAt: pixels + ((box.top >> 1) * width) / 2 + (box.left >> 1), stride: width / 2,
      columns: x.chroma, rows: y.chroma,
    };
    const red = { ...blue, faceAt: blue.faceAt + sizePx ** 2 / 4, pictureAt: blue.pictureAt + pixels / 4 };
    this.#kernel = kernel;
    this.#place = preparePlace([luma, blue, red], base);
  }

  /** Pastes a face of 3 × size × size RGB bytes over the base, into a picture that shows the base around it. */
  paste(rgb: Uint8Array, picture: Uint8Array): void {
    this.#kernel.paste(rgb, this.#place, picture);
  }
}

/** One axis of a box: the pixels of the luma plane and of the chroma planes. */
interface Axis {
  readonly luma: readonly AxisPixel[];
  readonly chroma: readonly AxisPixel[];
}

function axisOf({ from, to, length }: { from: number; to: number; length: number }, sizePx: number, featherPx: number): Axis {
  const step = sizePx / (to - from);
  const share = (at: number): number => {
    if (at < from || at >= to) {
      return 0;
    }
    return ramp(from === 0 ? Infinity : at + 0.5 - from, featherPx) * ramp(to === length ? Infinity : to - at - 0.5, featherPx);
  };
  const first = from >> 1;
  return {
    luma: Array.from({ length: to - from }, (_, i) => axisPixel((i + 0.5) * step, sizePx, share(from + i))),
    // A chroma pixel covers two pixels, here and in the face.
    chroma: Array.from({ length: ((to + 1) >> 1) - first }, (_, i) => {
      const at = 2 * (first + i);
      return axisPixel(((at + 1 - from) * step) / 2, sizePx / 2, (share(at) + share(at + 1)) / 2);
    }),
  };
}

/** Source pixels of a written one whose middle lies `middle` from the source's edge: centres on centres, the edge repeated, as OpenCV's INTER_LINEAR. */
function axisPixel(middle: number, side: number, share: number): AxisPixel {
  const fixed = Math.round(Math.max(0, Math.min(side - 1, middle - 0.5)) * WHOLE);
  const first = Math.min(side - 2, fixed >> 8);
  return { first, weight: fixed - first * WHOLE, share: Math.round(WHOLE * share) };
}

/** Rises smoothly from 0 at the edge to 1 at `featherPx` from it. */
function ramp(distancePx: number, featherPx: number): number {
  const t = Math.min(1, distancePx / featherPx);
  return t * t * (3 - 2 * t);
}
