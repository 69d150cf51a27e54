import { fileURLToPath } from 'node:url';
import { readAvatar } from '../../src/avatars/avatar-files.ts';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { FACE_COEFFICIENTS, FACE_INDEX, NEUTRAL_POSE, type FaceCoefficient, type HeadPose } from '../../src/base/motion-frame.ts';
import { inSteps } from '../../src/render/steps.ts';
import { WarpFace } from '../../src/render/warp-face.ts';
import { WarpKernel } from '../../src/render/warp-kernel.ts';
import type { FaceMotion } from '../../src/render/warp-painter.ts';

/** Reads a portrait that comes with the project: astronaut shows her teeth, hopper has closed lips and glasses. */
export function builtInPortrait(name: 'astronaut' | 'hopper'): Promise<Avatar> {
  return readAvatar(fileURLToPath(new URL(`../../models/portraits/${name}`, import.meta.url)), true);
}

/** Prepares a portrait for drawing in a kernel of its own. */
export async function preparedFace(name: 'astronaut' | 'hopper'): Promise<{ readonly avatar: Avatar; readonly face: WarpFace }> {
  const avatar = await builtInPortrait(name);
  return { avatar, face: await inSteps(WarpFace.open(await WarpKernel.load(), avatar)) };
}

/** Makes a motion from the coefficients and angles that are not at rest. */
export function motionOf(coefficients: Partial<Record<FaceCoefficient, number>>, pose: Partial<HeadPose> = {}): FaceMotion {
  const expression = new Float32Array(FACE_COEFFICIENTS.length);
  for (const [name, value] of Object.entries(coefficients)) {
    expression[FACE_INDEX[name as FaceCoefficient]] = value;
  }
  return { expression, pose: { ...NEUTRAL_POSE, ...pose } };
}
