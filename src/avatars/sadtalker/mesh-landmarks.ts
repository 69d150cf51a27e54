import type { Point } from './landmarks.ts';

/** Values of one mesh point: x, y and z. */
const MESH_VALUES = 3;

/**
 * Points of MediaPipe's 468-point face mesh that stand for each of the 68 landmarks (order of iBUG 300-W, as the reference derives
 * it from WFLW's 98); of two points the middle counts. Left and right are those of the picture.
 *
 * | landmarks | what | mesh |
 * |---|---|---|
 * | 0–16 | outline from the left temple over the chin to the right one | face oval |
 * | 17–21, 22–26 | left and right brow, from left to right | middle of the brow's upper and lower edge |
 * | 27–30, 31–35 | bridge of the nose down to its tip, lower edge from left to right | midline, nostrils |
 * | 36–41, 42–47 | left and right eye: from the left corner along the upper lid, back along the lower | lid edges |
 * | 48–59, 60–67 | outer and inner edge of the lips, from the left corner over the upper lip, back along the lower | lip edges |
 *
 * The tip of the nose (30) is the foremost point of the mesh's midline: at 0.58 of the way from eyes to mouth on the project's two
 * portraits, where point 1, often taken for the tip, lies at 0.69 and tilts the fitted head.
 */
export const LANDMARK_MESH_POINTS: readonly (readonly number[])[] = [
  ...[127, 234, 93, 58, 172, 136, 150, 176, 152, 400, 379, 365, 397, 288, 323, 454, 356].map((point) => [point]),
  [70, 46], [63, 53], [105, 52], [66, 65], [107, 55],
  [336, 285], [296, 295], [334, 282], [293, 283], [300, 276],
  ...[168, 197, 5, 4, 98, 97, 2, 326, 327].map((point) => [point]),
  ...[33, 160, 158, 133, 153, 144].map((point) => [point]),
  ...[362, 385, 387, 263, 373, 380].map((point) => [point]),
  ...[61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181].map((point) => [point]),
  ...[78, 81, 13, 311, 308, 402, 14, 178].map((point) => [point]),
];

/** Returns the 68 landmarks of a face, in pixels, from its 468 × 3 mesh. */
export function meshLandmarks(mesh: Float32Array): Point[] {
  return LANDMARK_MESH_POINTS.map((points): Point => [mean(mesh, points, 0), mean(mesh, points, 1)]);
}

function mean(mesh: Float32Array, points: readonly number[], axis: number): number {
  return points.reduce((sum, point) => sum + mesh[point * MESH_VALUES + axis]!, 0) / points.length;
}
