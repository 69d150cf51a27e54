import { MESH_POINTS } from './avatar.ts';
import { meshPoint } from './face-mesh.ts';
import type { RgbImage } from './rgb-image.ts';

/** Where a photo begins to be a bad one. */
const LIMITS = Object.freeze({
  /** Turn of the face to the side. */
  yawDeg: 20,
  /** Distance of the lips, in millimetres of a face whose outer eye corners are `OUTER_EYES_MM` apart; a laugh has 16. */
  lipsMm: 18,
  /** Height of the eyes' openings in parts of their width; eyes that look down have 0.24. */
  eyesOpen: 0.21,
  /** Points of the mesh beyond the picture's border. */
  pointsOutside: 5,
  /** Brightest luma of the face but for glare; skin of any colour has shine, eyes have whites. */
  brightLuma: 100,
  /** Lumas between the darkest and the brightest of the face. */
  contrast: 95,
  /** Steepest edges of the face, in parts of its contrast for each millimetre. */
  sharpness: 0.32,
});

const OUTER_EYES_MM = 90;

/** Mesh points of the outer corners of the eyes and of the middle of the lips. */
const LEFT_EYE_OUTER = 33;
const RIGHT_EYE_OUTER = 263;
const UPPER_LIP = 13;
const LOWER_LIP = 14;

/** Mesh points of each eye: outer and inner corner, then upper lid above lower lid, from place to place. */
const EYES = [
  { corners: [33, 133], lids: [[160, 144], [159, 145], [158, 153]] },
  { corners: [263, 362], lids: [[387, 373], [386, 374], [385, 380]] },
] as const;

/** Shares of the face's pixels that are darker and brighter than its range of lumas, and that are steeper than its steepest edges. */
const OUTSIDE_RANGE = 0.01;
const STEEPER = 0.005;

/** Returns what a viewer should know of a photo that will not move well, in the order of weight; none for a good one. @param landmarks 468 × 3, pixels. */
export function portraitWarnings(image: RgbImage, landmarks: Float32Array): string[] {
  const warnings: string[] = [];
  const yawDeg = Math.round((Math.atan2(landmarks[3 * RIGHT_EYE_OUTER + 2]! - landmarks[3 * LEFT_EYE_OUTER + 2]!, distance(landmarks, LEFT_EYE_OUTER, RIGHT_EYE_OUTER)) * 180) / Math.PI);
  const mmPx = Math.hypot(distance(landmarks, LEFT_EYE_OUTER, RIGHT_EYE_OUTER), landmarks[3 * RIGHT_EYE_OUTER + 2]! - landmarks[3 * LEFT_EYE_OUTER + 2]!) / OUTER_EYES_MM;
  if (Math.abs(yawDeg) >= LIMITS.yawDeg) {
    warnings.push(`The face is turned ${Math.abs(yawDeg)}° to the side. One that looks straight at the camera moves better.`);
  }
  if (distance(landmarks, UPPER_LIP, LOWER_LIP) / mmPx >= LIMITS.lipsMm) {
    warnings.push('The mouth is wide open. One that is closed or smiles moves better.');
  }
  if (EYES.reduce((sum, eye) => sum + opening(landmarks, eye) / 2, 0) < LIMITS.eyesOpen) {
    warnings.push('The eyes are closed or hidden. They will not open.');
  }
  if (pointsOutside(image, landmarks) >= LIMITS.pointsOutside) {
    warnings.push('A part of the face lies outside the picture. Leave some room around it.');
  }
  const light = lightWarning(image, landmarks, mmPx);
  return light === undefined ? warnings : [...warnings, light];
}

function distance(landmarks: Float32Array, from: number, to: number): number {
  const [a, b] = [meshPoint(landmarks, from), meshPoint(landmarks, to)];
  return Math.hypot(b.x - a.x, b.y - a.y);
}

function opening(landmarks: Float32Array, { corners, lids }: (typeof EYES)[number]): number {
  return lids.reduce((sum, [upper, lower]) => sum + distance(landmarks, upper, lower) / lids.length, 0) / distance(landmarks, corners[0], corners[1]);
}

function pointsOutside({ width, height }: RgbImage, landmarks: Float32Array): number {
  let outside = 0;
  for (let index = 0; index < MESH_POINTS; index++) {
    const { x, y } = meshPoint(landmarks, index);
    outside += x < -0.5 || y < -0.5 || x > width - 0.5 || y > height - 0.5 ? 1 : 0;
  }
  return outside;
}

/** Tells that a face is dark, pale or blurred, the first that it is. */
function lightWarning(image: RgbImage, landmarks: Float32Array, mmPx: number): string | undefined {
  const { lumas, slopes } = faceHistograms(image, landmarks);
  const dark = quantile(lumas, OUTSIDE_RANGE);
  const bright = quantile(lumas, 1 - OUTSIDE_RANGE);
  if (bright < LIMITS.brightLuma) {
    return 'The picture is very dark. A brighter one shows more of the face.';
  }
  if (bright - dark < LIMITS.contrast) {
    return 'The picture has little contrast. A clearer one looks better.';
  }
  return (quantile(slopes, 1 - STEEPER) * mmPx) / (bright - dark) < LIMITS.sharpness ? 'The face is blurred. A sharper picture looks better.' : undefined;
}

/** Counts the lumas of the box around a face and their differences across two pixels. */
function faceHistograms({ width, height, data }: RgbImage, landmarks: Float32Array): { readonly lumas: Uint32Array; readonly slopes: Uint32Array } {
  const lumas = new Uint32Array(256);
  const slopes = new Uint32Array(256);
  const box = faceBox(landmarks);
  const luma = (x: number, y: number): number => {
    const at = 3 * (y * width + x);
    return 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  };
  for (let y = Math.max(1, box.top); y < Math.min(height - 1, box.bottom); y++) {
    for (let x = Math.max(1, box.left); x < Math.min(width - 1, box.right); x++) {
      lumas[Math.round(luma(x, y))]! += 1;
      slopes[Math.round(Math.max(Math.abs(luma(x + 1, y) - luma(x - 1, y)), Math.abs(luma(x, y + 1) - luma(x, y - 1))))]! += 1;
    }
  }
  return { lumas, slopes };
}

function faceBox(landmarks: Float32Array): { left: number; top: number; right: number; bottom: number } {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (let index = 0; index < MESH_POINTS; index++) {
    const { x, y } = meshPoint(landmarks, index);
    box.left = Math.min(box.left, Math.floor(x));
    box.right = Math.max(box.right, Math.ceil(x));
    box.top = Math.min(box.top, Math.floor(y));
    box.bottom = Math.max(box.bottom, Math.ceil(y));
  }
  return box;
}

/** Returns the value below which so large a share of what was counted lies. */
function quantile(counts: Uint32Array, share: number): number {
  const wanted = share * counts.reduce((sum, count) => sum + count, 0);
  let value = 0;
  for (let counted = counts[0]!; value < counts.length - 1 && counted < wanted; counted += counts[value]!) {
    value += 1;
  }
  return value;
}
