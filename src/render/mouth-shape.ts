import type { Avatar } from '../avatars/avatar.ts';
import { curveThrough, heightAt, mapCurve, smoothCurve, type Curve } from './curve.ts';
import { facePoint, xOf, yOf, type FaceFrame } from './face-frame.ts';
import { photoLuma } from './photo-luma.ts';
import { smoothstep } from './shaping.ts';

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

/** The mesh's edge of a lower lip below teeth lies this far inside the teeth. */
const TEETH_RIM_MM = 0.7;

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
  const line = smoothCurve(curveThrough(middle), 1);
  const seam = open ? undefined : snapToDarkest(avatar, frame, line);
  return {
    upper: seam ?? lipEdge(smoothCurve(curveThrough(upperPoints), 0.7), line, 0),
    lower: seam ?? lipEdge(smoothCurve(curveThrough(lowerPoints), 0.7), line, TEETH_RIM_MM),
    leftMm: left.u,
    rightMm: right.u,
    centreMm: 0.5 * middle[5]!.u + 0.25 * (left.u + right.u),
    halfWidthMm: (right.u - left.u) / 2,
    chinMm: facePoint(frame, avatar.landmarks, CHIN).v,
    gapMm: Math.max(0, gapMm),
    open,
  };
}

/** Lowers a lip's edge in the middle and leads it to the common line in the corners, so that both edges meet there exactly. */
function lipEdge(edge: Curve, line: Curve, lowerMm: number): Curve {
  const half = (edge.values.length - 1) / edge.samplesPerMm / 2;
  return mapCurve(edge, (v, u) => {
    const out = Math.abs(u - edge.startMm - half) / half;
    const meet = smoothstep(0.86, 0.99, out);
    return (v + lowerMm * (1 - smoothstep(0.6, 1, out))) * (1 - meet) + heightAt(line, u) * meet;
  });
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
      const value = photoLuma(avatar, xOf(frame, u, v + step), yOf(frame, u, v + step)) + 1.5 * step * step;
      if (value < darkest) {
        darkest = value;
        best = step;
      }
    }
    return best * (1 - smoothstep(0.75, 1, Math.abs(u - seam.startMm - half) / half));
  });
  const smooth = smoothCurve(shift, 1.2);
  // A closed mouth is the photo itself, so the line may be smoother than the lips are: an open mouth has no wavy edge.
  return smoothCurve(mapCurve(seam, (v, u) => v + heightAt(smooth, u)), 2);
}
