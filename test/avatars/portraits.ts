import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

/** The folder models/ of the project. */
export const MODELS_FOLDER = join(import.meta.dirname, '..', '..', 'models');

/** The portraits that come with the project, as they were uploaded. */
export const ASTRONAUT_FILE = readFileSync(join(MODELS_FOLDER, 'portraits', 'astronaut', 'original.png'));
export const HOPPER_FILE = readFileSync(join(MODELS_FOLDER, 'portraits', 'hopper', 'original.jpg'));

/** A picture with nobody in it: a slope of grey with stripes. */
export function makeEmptyPicture(width: number, height: number): Promise<Buffer> {
  const data = new Uint8Array(width * height * 3);
  for (let index = 0; index < data.length; index++) {
    data[index] = 80 + (Math.floor(index / 3) % width) % 97 + (index % 3) * 20;
  }
  return sharp(data, { raw: { width, height, channels: 3 } }).png().toBuffer();
}

/** The header of a PNG that claims to be of a size, with no pixels: a decompression bomb in short. */
export async function makeBomb(width: number, height: number): Promise<Buffer> {
  const { deflateSync, crc32 } = await import('node:zlib');
  const chunk = (type: string, body: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    const typed = Buffer.concat([Buffer.from(type), body]);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(typed));
    return Buffer.concat([length, typed, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(1000))), chunk('IEND', Buffer.alloc(0))]);
}
