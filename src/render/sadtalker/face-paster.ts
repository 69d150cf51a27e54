import type { Box } from '../../avatars/sadtalker/face-crop.ts';
import type { FacePlanes } from './face-planes.ts';
import { PlanePaster, type AxisMap, type PlanePlacement } from './plane-paster.ts';

/**
 * Feathered part of the box at each edge, of its shorter side. Colours that are 8 levels off leave no line (loadtest/seam.ts);
 * with twice as much, a hat or hair near the edge is seen twice when the head turns.
 */
const FEATHER_SHARE = 0.05;

const WHOLE = 256;

/** Where and into what faces are pasted. */
export interface PastePlace {
  /** Side of the face in pixels, even. */
  readonly sizePx: number;
  /** Size of the picture, even. */
  readonly width: number;
  readonly height: number;
  /** Part of the picture that the face is stretched over. */
  readonly box: Box;
}

/**
 * Pastes square faces into an I420 picture. Their edges are feathered, but not those on the picture's own border.
 * Only pixels of the box are written.
 */
export class FacePaster {
  readonly #place: PastePlace;
  readonly #luma: PlanePaster;
  readonly #chroma: PlanePaster;

  constructor(place: PastePlace) {
    const { width, height, box, sizePx } = place;
    const featherPx = Math.max(1, Math.round(FEATHER_SHARE * Math.min(box.right - box.left, box.bottom - box.top)));
    const x = axisOf({ from: box.left, to: box.right, length: width }, sizePx, featherPx);
    const y = axisOf({ from: box.top, to: box.bottom, length: height }, sizePx, featherPx);
    this.#place = place;
    this.#luma = new PlanePaster(placementOf({ side: sizePx, stride: width }, x.luma, y.luma));
    this.#chroma = new PlanePaster(placementOf({ side: sizePx / 2, stride: width / 2 }, x.chroma, y.chroma));
  }

  /** Pastes the face over `base` into `target`; both are I420 pictures of the place's size. */
  paste(face: FacePlanes, base: Uint8Array, target: Uint8Array): void {
    const luma = this.#place.width * this.#place.height;
    const chroma = luma / 4;
    this.#luma.paste(face.y, base, target);
    this.#chroma.paste(face.u, base.subarray(luma), target.subarray(luma));
    this.#chroma.paste(face.v, base.subarray(luma + chroma), target.subarray(luma + chroma));
  }
}

/** One axis of a placement. */
interface AxisPlacement {
  readonly from: number;
  readonly count: number;
  readonly map: AxisMap;
  readonly shares: Uint16Array;
}

function axisOf({ from, to, length }: { from: number; to: number; length: number }, sizePx: number, featherPx: number): { luma: AxisPlacement; chroma: AxisPlacement } {
  const step = sizePx / (to - from);
  const share = (at: number): number => {
    if (at < from || at >= to) {
      return 0;
    }
    return ramp(from === 0 ? Infinity : at + 0.5 - from, featherPx) * ramp(to === length ? Infinity : to - at - 0.5, featherPx);
  };
  const first = from >> 1;
  const count = ((to + 1) >> 1) - first;
  return {
    luma: { from, count: to - from, map: { first: step / 2, step }, shares: Uint16Array.from({ length: to - from }, (_, i) => Math.round(WHOLE * share(from + i))) },
    // A chroma pixel covers two pixels, here and in the face.
    chroma: {
      from: first, count, map: { first: ((2 * first + 1 - from) * step) / 2, step },
      shares: Uint16Array.from({ length: count }, (_, i) => Math.round((WHOLE * (share(2 * (first + i)) + share(2 * (first + i) + 1))) / 2)),
    },
  };
}

/** Rises smoothly from 0 at the edge to 1 at `featherPx` from it. */
function ramp(distancePx: number, featherPx: number): number {
  const t = Math.min(1, distancePx / featherPx);
  return t * t * (3 - 2 * t);
}

function placementOf({ side, stride }: { side: number; stride: number }, x: AxisPlacement, y: AxisPlacement): PlanePlacement {
  return {
    side, stride, left: x.from, top: y.from, width: x.count, height: y.count,
    columns: x.map, rows: y.map, columnShares: x.shares, rowShares: y.shares,
  };
}
