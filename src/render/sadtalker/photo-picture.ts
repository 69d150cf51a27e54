import type { RgbImage } from '../../avatars/rgb-image.ts';
import { pictureBytes } from '../../base/picture.ts';
import { blueOf, lumaOf, redOf } from '../picture-layers.ts';

/** Returns a photo of even width and height as an I420 picture: BT.601, limited range. */
export function photoPicture({ width, height, data }: RgbImage): Uint8Array {
  const picture = new Uint8Array(pictureBytes(width, height));
  const chroma = (width * height) / 4;
  for (let at = 0; at < width * height; at += 1) {
    picture[at] = Math.round(lumaOf(data[at * 3]!, data[at * 3 + 1]!, data[at * 3 + 2]!));
  }
  let to = width * height;
  for (let row = 0; row < height; row += 2) {
    for (let column = 0; column < width; column += 2, to += 1) {
      const at = (row * width + column) * 3;
      const below = at + width * 3;
      const mean = (channel: number): number => (data[at + channel]! + data[at + 3 + channel]! + data[below + channel]! + data[below + 3 + channel]!) / 4;
      const [r, g, b] = [mean(0), mean(1), mean(2)];
      picture[to] = Math.round(blueOf(r, g, b));
      picture[to + chroma] = Math.round(redOf(r, g, b));
    }
  }
  return picture;
}
