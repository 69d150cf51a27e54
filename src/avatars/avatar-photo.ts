import type { Avatar } from './avatar.ts';
import type { RgbImage } from './rgb-image.ts';

/** What an avatar is drawn of. */
export type AvatarLayers = Pick<Avatar, 'width' | 'height' | 'image' | 'matte' | 'background'>;

/** Returns the avatar at rest: the person drawn through the matte over the background, which is the uploaded photo in its framing. */
export function avatarPhoto({ width, height, image, matte, background }: AvatarLayers): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const coverage = matte[pixel]! / 255;
    for (let index = 3 * pixel; index < 3 * pixel + 3; index++) {
      const below = background[index]!;
      data[index] = Math.round(below + (image[index]! - below) * coverage);
    }
  }
  return { width, height, data };
}
