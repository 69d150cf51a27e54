import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { AvatarError } from '../base/errors.ts';
import type { PlaneSize } from './box-filter.ts';
import type { RgbImage } from './rgb-image.ts';

/** Most pixels an uploaded picture may have. */
export const MOST_PIXELS = 40_000_000;

/** Longest side a picture is kept at while it is prepared, in pixels. */
const LONGEST_SIDE_PX = 4096;

/** First bytes of the kinds of picture that are read; what else sharp could read (SVG, PDF, …) is never handed to it. */
const SIGNATURES = [
  { format: 'jpeg', offset: 0, bytes: [0xff, 0xd8, 0xff] },
  { format: 'png', offset: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { format: 'webp', offset: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
] as const;

/** A rectangle of a picture, whole pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A piece of a portrait with its transparency. */
export interface PortraitPiece extends RgbImage {
  /** Opacity, 0..255, `width * height` bytes; null when the picture has none or all of it is opaque. */
  readonly alpha: Uint8Array | null;
}

/** A decoded upload: upright, sRGB, and at most 4096 pixels long. All work is done by sharp, off the main thread. */
export class PortraitImage {
  readonly width: number;
  readonly height: number;
  /** Pixels of the upload per pixel of this picture, 1 or more. */
  readonly reduction: number;
  readonly #pixels: Buffer;
  readonly #channels: 3 | 4;

  private constructor(parts: { pixels: Buffer; size: PlaneSize; channels: 3 | 4; reduction: number }) {
    this.width = parts.size.width;
    this.height = parts.size.height;
    this.reduction = parts.reduction;
    this.#pixels = parts.pixels;
    this.#channels = parts.channels;
  }

  /**
   * Decodes a JPEG, PNG or WebP file.
   * @throws AvatarError `not_an_image` for anything else and for broken files, `image_too_large` over 40 megapixels.
   */
  static async decode(bytes: Uint8Array): Promise<PortraitImage> {
    if (!SIGNATURES.some(({ offset, bytes: expected }) => expected.every((byte, index) => bytes[offset + index] === byte))) {
      throw new AvatarError('not_an_image', 'The file is no JPEG, PNG or WebP. Send one of these.');
    }
    const reading = async <T>(work: Promise<T>): Promise<T> => work.catch((cause: unknown) => {
      throw new AvatarError('not_an_image', 'The picture file is broken and cannot be read. Send another file.', { cause });
    });
    const { width, height, hasAlpha } = await reading(sharp(bytes, { limitInputPixels: false }).metadata());
    if (width * height > MOST_PIXELS) {
      throw new AvatarError('image_too_large', `The picture has ${width} × ${height} pixels; at most ${MOST_PIXELS / 1e6} megapixels are read. Send a smaller one.`);
    }
    const upright = sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error' }).autoOrient()
      .resize(LONGEST_SIDE_PX, LONGEST_SIDE_PX, { fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb');
    const { data, info } = await reading((hasAlpha ? upright.ensureAlpha() : upright.removeAlpha()).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }));
    if (info.channels !== 3 && info.channels !== 4) {
      throw new AvatarError('not_an_image', `The picture has ${info.channels} colour channels, expected 3. Save it as an RGB picture.`);
    }
    return new PortraitImage({
      pixels: data, size: info, channels: info.channels, reduction: Math.max(1, Math.max(width, height) / Math.max(info.width, info.height)),
    });
  }

  /** Returns the whole picture over a neutral grey, reduced so that its longer side is at most `longestSidePx`. */
  async overview(longestSidePx: number): Promise<RgbImage> {
    const reduced = this.#open().resize(longestSidePx, longestSidePx, { fit: 'inside', withoutEnlargement: true });
    const { data, info } = await reduced.flatten({ background: '#c4c6ca' }).raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: ownBytes(data) };
  }

  /** Returns a rectangle of the picture, resampled to a size; what is transparent keeps whatever colour it has. */
  async cut(rectangle: Rectangle, size: PlaneSize): Promise<PortraitPiece> {
    const cut = this.#open().extract(rectangle).resize(size.width, size.height, { fit: 'fill', kernel: 'lanczos3' });
    const pixels = await cut.raw().toBuffer();
    return this.#channels === 3 ? { ...size, data: ownBytes(pixels), alpha: null } : splitAlpha(pixels, size);
  }

  #open(): Sharp {
    return sharp(this.#pixels, { raw: { width: this.width, height: this.height, channels: this.#channels } });
  }
}

function splitAlpha(rgba: Buffer, { width, height }: PlaneSize): PortraitPiece {
  const data = new Uint8Array(width * height * 3);
  const alpha = new Uint8Array(width * height);
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    data[3 * pixel] = rgba[4 * pixel]!;
    data[3 * pixel + 1] = rgba[4 * pixel + 1]!;
    data[3 * pixel + 2] = rgba[4 * pixel + 2]!;
    alpha[pixel] = rgba[4 * pixel + 3]!;
  }
  return { width, height, data, alpha: alpha.every((opacity) => opacity === 255) ? null : alpha };
}

/** A copy in memory of its own, so that it can be handed to another thread. */
function ownBytes(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}
