import { fillPlane } from '../../src/avatars/membrane-fill.ts';
import type { RgbImage } from '../../src/avatars/rgb-image.ts';
import { resizeBilinear } from '../../src/avatars/sadtalker/bilinear-resize.ts';
import type { Box } from '../../src/avatars/sadtalker/face-crop.ts';
import { cutBox } from '../../src/avatars/sadtalker/portrait-cut.ts';
import { FacePaster } from '../../src/render/sadtalker/face-paster.ts';
import { PasteKernel } from '../../src/render/sadtalker/paste-kernel.ts';
import { photoPicture } from '../../src/render/sadtalker/photo-picture.ts';
import { rgbOf } from '../lips/lip-meter.ts';

/** A face to lay into a photo: square, stretched over the box. */
export interface Blend {
  readonly photo: RgbImage;
  readonly face: RgbImage;
  readonly box: Box;
}

/** Ways to lay a face into a photo. */
export const BLENDS = { hard: hardPaste, feather: featheredPaste, poisson: poissonPaste } as const;

/** The stretched face, edge to edge. */
export function hardPaste({ photo, face, box }: Blend): RgbImage {
  return withBox(photo, box, resizeBilinear(face, box.right - box.left, box.bottom - box.top));
}

/** What the renderer does. */
async function featheredPaste(blend: Blend): Promise<RgbImage> {
  const { width, height } = blend.photo;
  const { paste, picture } = await renderersPaste(blend);
  paste();
  return rgbOf({ width, height, data: picture });
}

/** Returns all that the renderer does for a frame once its networks have drawn it, and the picture it writes. */
export async function renderersPaste({ photo, face, box }: Blend): Promise<{ paste: () => void; picture: Uint8Array }> {
  const { width, height } = photo;
  const pixels = face.width * face.height;
  const drawn = Uint8Array.from({ length: face.data.length }, (_, at) => face.data[(at % pixels) * 3 + Math.floor(at / pixels)]!);
  const base = photoPicture(photo);
  // Pictures lie in memory that threads share.
  const picture = new Uint8Array(new SharedArrayBuffer(base.length));
  picture.set(base);
  const paster = new FacePaster(await PasteKernel.load(face.width), { sizePx: face.width, width, height, box }, base);
  return { paste: () => { paster.paste(drawn, picture); }, picture };
}

/**
 * Poisson blending, as the reference's seamlessClone (NORMAL_CLONE): the face's own gradients, the photo's colours around it.
 * That is the face plus the membrane over the box through the differences on its edge; edges on the photo's border are free.
 */
function poissonPaste({ photo, face, box }: Blend): RgbImage {
  const size = { width: box.right - box.left, height: box.bottom - box.top };
  const stretched = resizeBilinear(face, size.width, size.height);
  const below = cutBox(photo, box);
  const known = edgeOf(box, photo);
  const data = new Uint8Array(stretched.data.length);
  for (let channel = 0; channel < 3; channel += 1) {
    const difference = Float32Array.from(known, (share, pixel) => share * (below.data[pixel * 3 + channel]! - stretched.data[pixel * 3 + channel]!));
    fillPlane(difference, known.slice(), size);
    difference.forEach((value, pixel) => { data[pixel * 3 + channel] = Math.max(0, Math.min(255, Math.round(stretched.data[pixel * 3 + channel]! + value))); });
  }
  return withBox(photo, box, { ...size, data });
}

/** Returns 1 for the pixels of a box at those of its edges that do not lie on the photo's border, 0 for the others. */
function edgeOf({ left, top, right, bottom }: Box, photo: RgbImage): Float32Array {
  const [width, height] = [right - left, bottom - top];
  return Float32Array.from({ length: width * height }, (_, pixel) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    return Number((x === 0 && left > 0) || (y === 0 && top > 0) || (x === width - 1 && right < photo.width) || (y === height - 1 && bottom < photo.height));
  });
}

function withBox(photo: RgbImage, { left, top }: Box, part: RgbImage): RgbImage {
  const data = photo.data.slice();
  for (let y = 0; y < part.height; y += 1) {
    data.set(part.data.subarray(y * part.width * 3, (y + 1) * part.width * 3), ((top + y) * photo.width + left) * 3);
  }
  return { ...photo, data };
}
