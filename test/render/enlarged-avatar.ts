import sharp from 'sharp';
import type { Avatar } from '../../src/avatars/avatar.ts';

/** Enlarges an avatar to a multiple of its size. */
export async function enlargedAvatar(avatar: Avatar, factor: number): Promise<Avatar> {
  const { width, height } = avatar;
  const size = { width: Math.round((width * factor) / 2) * 2, height: Math.round((height * factor) / 2) * 2 };
  const enlarge = async (pixels: Uint8Array, channels: 1 | 3): Promise<Uint8Array> => {
    const raw = sharp(pixels, { raw: { width, height, channels } }).resize(size.width, size.height, { fit: 'fill' });
    return new Uint8Array(await (channels === 1 ? raw.toColourspace('b-w') : raw).raw().toBuffer());
  };
  const [image, matte, background] = await Promise.all([enlarge(avatar.image, 3), enlarge(avatar.matte, 1), enlarge(avatar.background, 3)]);
  const scaled = (points: Float32Array): Float32Array => points.map((value) => value * factor);
  return {
    ...avatar, ...size, id: `${avatar.id}-${factor}`, image, matte, background,
    landmarks: scaled(avatar.landmarks), leftEye: scaled(avatar.leftEye), rightEye: scaled(avatar.rightEye),
    leftIris: scaled(avatar.leftIris), rightIris: scaled(avatar.rightIris),
  };
}
