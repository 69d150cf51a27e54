import type { Avatar } from '../avatars/avatar.ts';
import { curveThrough, heightAt, mapCurve, smoothCurve, type Curve } from './curve.ts';
import { darkLine, type DarkLine } from './dark-line.ts';
import { facePoint, type FaceFrame, type FacePoint } from './face-frame.ts';
import { lipsApart } from './lip-parting.ts';
import { snapToRed, type EdgeReach } from './red-edge.ts';
import { clamp, smoothstep } from './shaping.ts';
import { teethEdge } from './teeth-edge.ts';

/** Mesh points along the inner lips, upper with lower, from the left corner to the right one. */
const INNER_LIP_PAIRS = [
  [78, 78], [191, 95], [80, 88], [81, 178], [82, 87], [13, 14], [312, 317], [311, 402], [310, 318], [415, 324], [308, 308],
] as const;

/** The middle pairs, over which the photo's opening is measured. */
const FIRST_CENTRAL_PAIR = 3;
const END_CENTRAL_PAIR = 8;

/** Where the red of the lips may end, in millimetres below the mesh's edge. The mesh takes gums for teeth, and lower teeth for the lip. */
const UPPER_EDGE: EdgeReach = { from: -2, to: 2.5 };
const LOWER_EDGE: EdgeReach = { from: -2, to: 3.5 };

/**
 * A smile is made by the upper lip: it rises by up to 7 mm over the teeth, of which lips that just part leave 2 to 3 mm in view (so orthodontics counts).
 * Closing goes the same way back; what else is open, the lower lip closes.
 */
const TEETH_AT_REST_MM = 2.5;
const UPPER_CLOSING_MM = 7;

/** Teeth that are in view this far on average count as the photo's own. */
const LEAST_TEETH_MM = 1.5;

/** In a broad smile the corners are this much higher than the line where the lips would meet. */
const SMILE_RISE_MM = 9;

/** Between red and teeth the photo shows a mixture of both: the lips are cut this far inside. */
const INSET_MM = 0.4;

const CHIN = 152;
const NOSE_BASE = 2;

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
  /** v of the base of the nose. */
  readonly noseMm: number;
  /** Opening in the photo as the mesh sees it. */
  readonly gapMm: number;
  /** True when the photo's lips are apart. */
  readonly open: boolean;
  /** Lower edge of the upper teeth between open lips; equal to `upper` where the photo shows none. */
  readonly teeth: Curve;
  /** True when the photo shows its upper teeth. */
  readonly ownTeeth: boolean;
  /** Share of the photo's opening that the upper lip closes; the lower one does the rest. */
  readonly upperShare: number;
  /** How far the jaw is down in the photo: what is open below the upper teeth. */
  readonly jawMm: number;
  /** How much of a broad smile open lips show, 0..1: how high the corners are; 0 for closed lips. */
  readonly smile: number;
}

/** Measures the mouth in mesh and photo. Closed lips meet in the dark line between them; lips apart end where their red does. */
export function mouthShape(avatar: Avatar, frame: FaceFrame): MouthShape {
  const upperPoints = INNER_LIP_PAIRS.map(([upper]) => facePoint(frame, avatar.landmarks, upper));
  const lowerPoints = INNER_LIP_PAIRS.map(([, lower]) => facePoint(frame, avatar.landmarks, lower));
  const middle = upperPoints.map((upper, index) => ({ u: (upper.u + lowerPoints[index]!.u) / 2, v: (upper.v + lowerPoints[index]!.v) / 2 }));
  const line = darkLine(avatar, frame, smoothCurve(curveThrough(middle), 1));
  const gapMm = meanGap(upperPoints, lowerPoints);
  const open = lipsApart(avatar, frame, gapMm);
  const edges = open ? openEdges(avatar, frame, line, { upperPoints, lowerPoints }) : closedEdges(line);
  const teeth = open ? teethEdge(avatar, frame, edges) : edges.upper;
  const centreMm = 0.5 * middle[5]!.u + 0.25 * (line.leftMm + line.rightMm);
  const halfWidthMm = (line.rightMm - line.leftMm) / 2;
  return {
    ...edges,
    leftMm: line.leftMm,
    rightMm: line.rightMm,
    centreMm,
    halfWidthMm,
    chinMm: facePoint(frame, avatar.landmarks, CHIN).v,
    noseMm: facePoint(frame, avatar.landmarks, NOSE_BASE).v,
    gapMm: Math.max(0, gapMm),
    open,
    teeth,
    ...openState({ ...edges, teeth, centreMm, halfWidthMm }),
  };
}

/** Tells how the photo's opening came about. */
function openState(mouth: Pick<MouthShape, 'upper' | 'lower' | 'teeth' | 'centreMm' | 'halfWidthMm'>): Pick<MouthShape, 'ownTeeth' | 'upperShare' | 'jawMm' | 'smile'> {
  const { upper, lower, teeth } = mouth;
  const teethMm = centralDistance(upper, teeth, mouth);
  const apartMm = centralDistance(upper, lower, mouth);
  const upperMm = clamp(teethMm - TEETH_AT_REST_MM, 0, UPPER_CLOSING_MM);
  const corners = (upper.values[0]! + upper.values[upper.values.length - 1]!) / 2;
  return {
    ownTeeth: teethMm > LEAST_TEETH_MM,
    upperShare: apartMm > 0 ? upperMm / apartMm : 0,
    jawMm: centralDistance(teeth, lower, mouth),
    smile: apartMm > 0 ? clamp((heightAt(upper, mouth.centreMm) + upperMm - corners) / SMILE_RISE_MM, 0, 1) : 0,
  };
}

/** Returns how far two curves are apart on average in the middle third of the mouth, in millimetres. */
function centralDistance(above: Curve, below: Curve, { centreMm, halfWidthMm }: Pick<MouthShape, 'centreMm' | 'halfWidthMm'>): number {
  let sum = 0;
  for (let step = -5; step <= 5; step += 1) {
    const u = centreMm + (step / 15) * halfWidthMm;
    sum += (heightAt(below, u) - heightAt(above, u)) / 11;
  }
  return sum;
}

function meanGap(upper: readonly FacePoint[], lower: readonly FacePoint[]): number {
  let sum = 0;
  for (let pair = FIRST_CENTRAL_PAIR; pair < END_CENTRAL_PAIR; pair += 1) {
    sum += lower[pair]!.v - upper[pair]!.v;
  }
  return sum / (END_CENTRAL_PAIR - FIRST_CENTRAL_PAIR);
}

/** A closed mouth is the photo itself, so the line may be smoother than the lips are: an open mouth has no wavy edge. */
function closedEdges(line: DarkLine): Pick<MouthShape, 'upper' | 'lower'> {
  const seam = smoothCurve(line.curve, 2);
  return { upper: seam, lower: seam };
}

function openEdges(
  avatar: Avatar, frame: FaceFrame, line: DarkLine, { upperPoints, lowerPoints }: { readonly upperPoints: readonly FacePoint[]; readonly lowerPoints: readonly FacePoint[] },
): Pick<MouthShape, 'upper' | 'lower'> {
  const corners = [line.leftMm, line.rightMm].map((u) => ({ u, v: heightAt(line.curve, u) })) as [FacePoint, FacePoint];
  const edge = (points: readonly FacePoint[], lipBelow: boolean): Curve => {
    const inner = points.slice(1, -1).filter(({ u }) => u > line.leftMm + 1 && u < line.rightMm - 1);
    const mesh = smoothCurve(curveThrough([corners[0], ...inner, corners[1]]), 0.7);
    return meetingInCorners(snapToRed(avatar, frame, mesh, { lipBelow, reach: lipBelow ? LOWER_EDGE : UPPER_EDGE }), corners, lipBelow ? INSET_MM : -INSET_MM);
  };
  const upper = edge(upperPoints, false);
  const lower = edge(lowerPoints, true);
  return { upper: mapCurve(upper, (v, u) => Math.min(v, heightAt(lower, u))), lower };
}

/** Leads an edge into the corners, so that both edges meet there exactly. */
function meetingInCorners(edge: Curve, [left, right]: readonly [FacePoint, FacePoint], insetMm: number): Curve {
  const half = (right.u - left.u) / 2;
  return mapCurve(edge, (v, u) => {
    const meet = smoothstep(0.93, 1, Math.abs(u - left.u - half) / half);
    return (v + insetMm * (1 - smoothstep(0.8, 0.95, Math.abs(u - left.u - half) / half))) * (1 - meet) + (u < left.u + half ? left.v : right.v) * meet;
  });
}
