import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import { EYE_CONTOUR_POINTS, MESH_POINTS } from './avatar.ts';
import type { Avatar } from './avatar.ts';
import type { PlaneSize } from './box-filter.ts';

/** Version of the form on disk. */
const FORMAT = 1;

/** Files of a stored avatar: its description, what is drawn of it, and a picture to show in lists. */
const DESCRIPTION_FILE = 'avatar.json';
const IMAGE_FILE = 'image.png';
const MATTE_FILE = 'matte.png';
const BACKGROUND_FILE = 'background.png';
const PORTRAIT_FILE = 'portrait.jpg';

/** Coordinates are kept to a thousandth of a pixel. */
const DECIMALS = 3;

const coordinates = (points: number): z.ZodArray<z.ZodNumber> => z.array(z.number()).length(points);

const descriptionSchema = z.object({
  format: z.literal(FORMAT),
  id: z.string(),
  name: z.string(),
  warnings: z.array(z.string()),
  width: z.int().min(1),
  height: z.int().min(1),
  landmarks: coordinates(MESH_POINTS * 3),
  leftEye: coordinates(EYE_CONTOUR_POINTS * 2),
  rightEye: coordinates(EYE_CONTOUR_POINTS * 2),
  leftIris: coordinates(10),
  rightIris: coordinates(10),
});

/** What is told about an avatar without loading its pictures. */
export type AvatarSummary = Pick<Avatar, 'id' | 'name' | 'builtIn' | 'warnings' | 'width' | 'height'>;

/** Writes an avatar into a new folder. */
export async function writeAvatar(folder: string, avatar: Avatar): Promise<void> {
  const { width, height, image, matte, background } = avatar;
  await mkdir(folder, { recursive: true });
  const rgb = { raw: { width, height, channels: 3 } } as const;
  const grey = { raw: { width, height, channels: 1 } } as const;
  const person = await sharp(image, rgb).joinChannel(Buffer.from(matte), grey).raw().toBuffer();
  await Promise.all([
    sharp(image, rgb).png().toFile(join(folder, IMAGE_FILE)),
    sharp(matte, grey).png().toFile(join(folder, MATTE_FILE)),
    sharp(background, rgb).png().toFile(join(folder, BACKGROUND_FILE)),
    sharp(background, rgb).composite([{ input: person, raw: { width, height, channels: 4 } }]).jpeg({ quality: 90 }).toFile(join(folder, PORTRAIT_FILE)),
    writeFile(join(folder, DESCRIPTION_FILE), `${JSON.stringify(describe(avatar))}\n`),
  ]);
}

/**
 * Reads what is told about a stored avatar and sees that its files are there.
 * @throws Error when the folder holds no whole avatar.
 */
export async function readSummary(folder: string, builtIn: boolean): Promise<AvatarSummary> {
  const { id, name, warnings, width, height } = await readDescription(folder);
  await Promise.all([IMAGE_FILE, MATTE_FILE, BACKGROUND_FILE, PORTRAIT_FILE].map((file) => access(join(folder, file))));
  return { id, name, builtIn, warnings, width, height };
}

/**
 * Reads a stored avatar.
 * @throws Error when a file is missing or damaged.
 */
export async function readAvatar(folder: string, builtIn: boolean): Promise<Avatar> {
  const { id, name, warnings, width, height, ...outline } = await readDescription(folder);
  const [image, matte, background] = await Promise.all([
    readPixels(join(folder, IMAGE_FILE), { width, height }, 3),
    readPixels(join(folder, MATTE_FILE), { width, height }, 1),
    readPixels(join(folder, BACKGROUND_FILE), { width, height }, 3),
  ]);
  return {
    id, name, builtIn, warnings, width, height, image, matte, background,
    landmarks: Float32Array.from(outline.landmarks),
    leftEye: Float32Array.from(outline.leftEye), rightEye: Float32Array.from(outline.rightEye),
    leftIris: Float32Array.from(outline.leftIris), rightIris: Float32Array.from(outline.rightIris),
  };
}

/** Reads the picture of a stored avatar that is shown in lists, a JPEG file. */
export function readPortraitFile(folder: string): Promise<Buffer> {
  return readFile(join(folder, PORTRAIT_FILE));
}

function describe(avatar: Avatar): z.infer<typeof descriptionSchema> {
  const numbers = (values: Float32Array): number[] => Array.from(values, (value) => Number(value.toFixed(DECIMALS)));
  const { id, name, warnings, width, height } = avatar;
  return {
    format: FORMAT, id, name, warnings: [...warnings], width, height,
    landmarks: numbers(avatar.landmarks),
    leftEye: numbers(avatar.leftEye), rightEye: numbers(avatar.rightEye),
    leftIris: numbers(avatar.leftIris), rightIris: numbers(avatar.rightIris),
  };
}

async function readDescription(folder: string): Promise<z.infer<typeof descriptionSchema>> {
  return descriptionSchema.parse(JSON.parse(await readFile(join(folder, DESCRIPTION_FILE), 'utf8')));
}

async function readPixels(file: string, size: PlaneSize, channels: 1 | 3): Promise<Uint8Array> {
  // Read here and not by sharp, so that a fault of the system can be told from a damaged file.
  const pixels = sharp(await readFile(file)).removeAlpha().toColourspace(channels === 1 ? 'b-w' : 'srgb').raw();
  const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
  if (info.width !== size.width || info.height !== size.height || info.channels !== channels) {
    throw new TypeError(`${file} is ${info.width} × ${info.height} × ${info.channels}, expected ${size.width} × ${size.height} × ${channels}.`);
  }
  return data;
}
