import { type Point, meanPoint } from './landmarks.ts';

/** Five points of the mean face of the morphable model: eyes, nose, mouth corners (from the reference's similarity_Lm3D_all.mat). */
export const MEAN_FACE_POINTS: readonly (readonly [number, number, number])[] = [
  [-0.3114865720272064, 0.29036077857017517, 0.13377952575683594],
  [0.30979886651039124, 0.289720356464386, 0.1317952573299408],
  [0.003253498813137412, -0.04617932438850403, 0.5524424314498901],
  [-0.25216928124427795, -0.3813391625881195, 0.22405731678009033],
  [0.24846619367599487, -0.38128235936164856, 0.22235769033432007],
];

/** Size of a face in the net's picture: the mean face's unit is this many pixels. */
const FACE_UNIT_PX = 102;

/** Side of the net's picture. */
export const ALIGNED_PX = 224;

/** How a picture is scaled and moved so that the face lies like the mean face. */
export interface FaceAlignment {
  /** Factor to the net's scale. */
  readonly scale: number;
  /** Where the mean face's origin lies in the picture, in pixels, y up. */
  readonly x: number;
  readonly y: number;
}

/** Size and place of the aligned picture: the picture is resized to `width` × `height`, and 224 × 224 pixels are cut out at `left`, `top`. */
export interface AlignedCrop {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

/**
 * Returns the alignment of a face, from 68 landmarks of a picture `height` pixels high (y down): a scaled orthographic projection
 * of the mean face fitted by least squares (Deep3DFaceRecon's POS).
 */
export function alignFace(landmarks: readonly Point[], height: number): FaceAlignment {
  const up = landmarks.map(([x, y]): Point => [x, height - 1 - y]);
  const points = [meanPoint([up[36]!, up[39]!], 0, 2), meanPoint([up[42]!, up[45]!], 0, 2), up[30]!, up[48]!, up[54]!];
  const horizontal = fitPlane(points.map(([x]) => x));
  const vertical = fitPlane(points.map(([, y]) => y));
  const unit = (Math.hypot(...horizontal.slice(0, 3)) + Math.hypot(...vertical.slice(0, 3))) / 2;
  return { scale: FACE_UNIT_PX / unit, x: horizontal[3]!, y: vertical[3]! };
}

/** Returns the crop that an alignment means for a picture of `width` × `height` pixels. */
export function alignedCrop({ scale, x, y }: FaceAlignment, width: number, height: number): AlignedCrop {
  const [scaledWidth, scaledHeight] = [Math.trunc(width * scale), Math.trunc(height * scale)];
  return {
    width: scaledWidth,
    height: scaledHeight,
    left: Math.trunc(scaledWidth / 2 - ALIGNED_PX / 2 + (x - width / 2) * scale),
    top: Math.trunc(scaledHeight / 2 - ALIGNED_PX / 2 + (height / 2 - y) * scale),
  };
}

/** Returns a, b, c, d of the least-squares fit value = a·X + b·Y + c·Z + d over the mean face's points, by normal equations. */
function fitPlane(values: readonly number[]): number[] {
  const rows = MEAN_FACE_POINTS.map((point) => [...point, 1]);
  const unknowns = [0, 1, 2, 3];
  const system = unknowns.map((i) => [
    ...unknowns.map((j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
    rows.reduce((sum, row, n) => sum + row[i]! * values[n]!, 0),
  ]);
  return solve(system);
}

/** Solves a linear system of rows with the right side last, by elimination with pivoting; the rows are used up. */
function solve(system: number[][]): number[] {
  const size = system.length;
  for (let column = 0; column < size; column++) {
    const pivot = system.slice(column).reduce((best, row) => (Math.abs(row[column]!) > Math.abs(best[column]!) ? row : best));
    system.splice(system.indexOf(pivot), 1);
    system.splice(column, 0, pivot);
    for (const row of system.slice(column + 1)) {
      const factor = row[column]! / pivot[column]!;
      for (let k = column; k <= size; k++) {
        row[k] = row[k]! - factor * pivot[k]!;
      }
    }
  }
  const solution = Array.from({ length: size }, () => 0);
  for (let row = size - 1; row >= 0; row--) {
    const known = solution.reduce((sum, value, k) => sum + system[row]![k]! * value, 0);
    solution[row] = (system[row]![size]! - known) / system[row]![row]!;
  }
  return solution;
}
