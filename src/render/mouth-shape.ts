import type { Avatar } from '../avatars/avatar.ts';
import { curveThrough, heightAt, mapCurve, smoothCurve, type Curve } from './curve.ts';
import { facePoint, xOf, yOf, type FaceFrame } from './face-frame.ts';
import { clamp, smoothstep } from './shaping.ts';

/** Mesh points along the inner lips, upper with lower, from the left corner to the right one. */
const INNER_LIP_PAIRS = [
  [78, 78], [191, 95], [80, 88], [81, 178], [82, 87], [13, 14], [312, 317], [311, 402], [310, 318], [415, 324], [308, 308],
] as const;

/** The middle pairs, over which the photo's opening is measured. */
const FIRST_CENTRAL_PAIR = 3;
const END_CENTRAL_PAIR = 8;

/** The mesh reports up to 3 mm between closed lips; from here on the photo shows its teeth. */
const OPEN_GAP_MM = 4;

/** How far the lip line is searched for above and below the mesh's, in millimetres. */
const SNAP_REACH_MM = 2;

const CHIN = 152;

/** The mouth of the photo, in millimetres of the face frame. */
export interface MouthShape {
  /** Lower edge of the upper lip. Equal to `lower` when the photo's lips are closed. */
  readonly upper: Curve;
  /** Upper edge of the lower lip. */
  readonly lower: Curve;
  readonly leftMm: number;
  readonly rightMm: number;
  /** u of the middle of the lips. */
  readonly centreMm: number;
  /** Half the width between the corners. */
  readonly halfWidthMm: number;
  /** v of the chin's tip. */
  readonly chinMm: number;
  /** Opening in the photo as the mesh sees it. */
  readonly gapMm: number;
  /** True when the photo shows its own teeth. */
  readonly open: boolean;
}

/** Measures the mouth; closed lips are snapped to the darkest line between them. */
export function mouthShape(avatar: Avatar, frame: FaceFrame): MouthShape {
  const upperPoints = INNER_LIP_PAIRS.map(([upper]) => facePoint(frame, avatar.landmarks, upper));
  const lowerPoints = INNER_LIP_PAIRS.map(([, lower]) => facePoint(frame, avatar.landmarks, lower));
  const left = upperPoints[0]!;
  const right = upperPoints[upperPoints.length - 1]!;
  let gapMm = 0;
  for (let pair = FIRST_CENTRAL_PAIR; pair < END_CENTRAL_PAIR; pair += 1) {
    gapMm += (lowerPoints[pair]!.v - upperPoints[pair]!.v) / (END_CENTRAL_PAIR - FIRST_CENTRAL_PAIR);
  }
  const open = gapMm > OPEN_GAP_MM;
  const middle = upperPoints.map((upper, index) => ({ u: (upper.u + lowerPoints[index]!.u) / 2, v: (upper.v + lowerPoints[index]!.v) / 2 }));
  const seam = open ? undefined : snapToDarkest(avatar, frame, smoothCurve(curveThrough(middle), 1));
  return {
    upper: seam ?? smoothCurve(curveThrough(upperPoints), 0.7),
    lower: seam ?? smoothCurve(curveThrough(lowerPoints), 0.7),
    leftMm: left.u,
    rightMm: right.u,
    centreMm: 0.5 * middle[5]!.u + 0.25 * (left.u + right.u),
    halfWidthMm: (right.u - left.u) / 2,
    chinMm: facePoint(frame, avatar.landmarks, CHIN).v,
    gapMm: Math.max(0, gapMm),
    open,
  };
}

/** Moves a lip line to the darkest row within reach, column by column, then smooths it; the corners stay. */
function snapToDarkest(avatar: Avatar, frame: FaceFrame, seam: Curve): Curve {
  const end = seam.startMm + (seam.values.length - 1) / seam.samplesPerMm;
  const half = (end - seam.startMm) / 2;
  const shift = mapCurve(seam, (v, u) => {
    let best = 0;
    let darkest = Infinity;
    for (let step = -SNAP_REACH_MM; step <= SNAP_REACH_MM; step += 0.125) {
      // A mild pull to the mesh's line decides where the lips show no dark line.
      const value = lumaAround(avatar, xOf(frame, u, v + step), yOf(frame, u, v + step)) + 1.5 * step * step;
      if (value < darkest) {
        darkest = value;
        best = step;
      }
    }
    return best * (1 - smoothstep(0.75, 1, Math.abs(u - seam.startMm - half) / half));
  });
  const smooth = smoothCurve(shift, 1.2);
  return mapCurve(seam, (v, u) => v + heightAt(smooth, u));
}

/** Luma of a place averaged over its nearest pixels, 0 to 255. */
function lumaAround(avatar: Avatar, xPx: number, yPx: number): number {
  const x = clamp(Math.floor(xPx), 0, avatar.width - 2);
  const y = clamp(Math.floor(yPx), 0, avatar.height - 2);
  const fx = clamp(xPx - x, 0, 1);
  const fy = clamp(yPx - y, 0, 1);
  const luma = (px: number, py: number): number => {
    const at = (py * avatar.width + px) * 3;
    return 0.299 * avatar.image[at]! + 0.587 * avatar.image[at + 1]! + 0.114 * avatar.image[at + 2]!;
  };
  return (luma(x, y) * (1 - fx) + luma(x + 1, y) * fx) * (1 - fy) + (luma(x, y + 1) * (1 - fx) + luma(x + 1, y + 1) * fx) * fy;
}
