/*
 * `node loadtest/seam.ts [OUT_FOLDER]`: how well a drawn face goes into its photo: feathered, as the renderer does it, against
 * Poisson blending, as the reference does, and against no blending. Stand-ins for drawn faces: the portrait's own with other
 * colours, and one that the built-in face turned. Prints colour differences in levels, and how long pasting takes: of faces of 256
 * and 512 pixels, into the photo and into one of full HD; writes the pictures when a folder is named.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mkdir } from 'node:fs/promises';
import sharp from 'sharp';
import { readAvatar } from '../src/avatars/avatar-files.ts';
import { avatarPhoto } from '../src/avatars/avatar-photo.ts';
import type { Avatar } from '../src/avatars/avatar.ts';
import type { RgbImage } from '../src/avatars/rgb-image.ts';
import { resizeBilinear } from '../src/avatars/sadtalker/bilinear-resize.ts';
import type { Box } from '../src/avatars/sadtalker/face-crop.ts';
import { meshLandmarks } from '../src/avatars/sadtalker/mesh-landmarks.ts';
import type { PreprocessMode } from '../src/avatars/sadtalker/neural-portrait.ts';
import { cutBox, cutPortrait } from '../src/avatars/sadtalker/portrait-cut.ts';
import { FACE_COEFFICIENTS, FACE_INDEX, NEUTRAL_POSE, type HeadPose } from '../src/base/motion-frame.ts';
import { WarpRenderer } from '../src/render/warp-renderer.ts';
import { rgbOf } from './lips/lip-meter.ts';
import { figureOf, type Figure } from './figures.ts';
import { BLENDS, hardPaste, renderersPaste, type Blend } from './seam/blends.ts';

const SIZE = 256;
/** Pixels inside the edge that count as the seam. */
const BAND_PX = 4;
const TIMED_PASTES = 400;
const FULL_HD_ROWS = 1080;
const MODES = ['full', 'extfull'] as const;

/** A face as it could be drawn. */
interface StandIn {
  readonly name: string;
  readonly face: RgbImage;
}

/** Colour differences of one blend, in levels, mean of the three channels. */
interface SeamFigures {
  /** To the photo, over the band inside the edge: what a viewer can see as a line. */
  readonly seamMean: number;
  readonly seamMax: number;
  /** To the drawn face, over the middle half of the box: what blending does to the face itself. */
  readonly faceMean: number;
}

async function main(): Promise<void> {
  const [out] = process.argv.slice(2);
  if (out !== undefined) {
    await mkdir(out, { recursive: true });
  }
  console.log(row(['portrait', 'mode', 'face', 'blend'], ['seam mean', 'seam max', 'face mean']));
  const all = await cases();
  for (const { portrait, mode, standIn, blend } of all) {
    const pictures = await Promise.all(Object.entries(BLENDS).map(async ([way, paste]) => ({ way, picture: await paste(blend) })));
    for (const { way, picture } of pictures) {
      const { seamMean, seamMax, faceMean } = figuresOf(picture, blend);
      console.log(row([portrait, mode, standIn, way], [seamMean, seamMax, faceMean].map((value) => value.toFixed(1))));
    }
    if (out !== undefined) {
      await writeStrip(join(out, `${portrait}-${mode}-${standIn.replaceAll(' ', '-')}.png`), pictures.map(({ picture }) => picture));
    }
  }
  console.log('Pasting a drawn face, a frame: its planes become I420, are stretched, feathered over the photo and written into the picture.');
  for (const { portrait, mode, blend } of all.filter(({ standIn }) => standIn === 'as it is')) {
    for (const sized of [blend, withFace(blend, 2 * SIZE), enlarged(blend), withFace(enlarged(blend), 2 * SIZE)]) {
      const { median, p95 } = await pasteTime(sized);
      console.log(`${portrait}, ${mode}: ${sizes(sized)} takes ${median} ms (p95 ${p95} ms)`);
    }
  }
}

function withFace(blend: Blend, sizePx: number): Blend {
  return { ...blend, face: resizeBilinear(blend.face, sizePx, sizePx) };
}

/** The same in a photo that is as high as full HD is. */
function enlarged({ photo, face, box }: Blend): Blend {
  const scale = FULL_HD_ROWS / photo.height;
  const scaled = (at: number): number => Math.round(at * scale);
  return {
    photo: resizeBilinear(photo, 2 * Math.round((photo.width * scale) / 2), FULL_HD_ROWS), face,
    box: { left: scaled(box.left), top: scaled(box.top), right: scaled(box.right), bottom: scaled(box.bottom) },
  };
}

function sizes({ photo, face, box }: Blend): string {
  return `${face.width} × ${face.height} into ${box.right - box.left} × ${box.bottom - box.top} of ${photo.width} × ${photo.height}`;
}

async function pasteTime(blend: Blend): Promise<Figure> {
  const { paste } = await renderersPaste(blend);
  const times = Array.from({ length: TIMED_PASTES }, () => {
    const startMs = performance.now();
    paste();
    return performance.now() - startMs;
  });
  return figureOf('paste', 'ms', times.slice(TIMED_PASTES / 4));
}

function row(names: readonly string[], figures: readonly string[]): string {
  return names.map((name) => name.padEnd(19)).join('') + figures.map((figure) => figure.padStart(10)).join('');
}

/** One stand-in of a portrait cut in one mode. */
interface SeamCase {
  readonly portrait: string;
  readonly mode: PreprocessMode;
  readonly standIn: string;
  readonly blend: Blend;
}

async function cases(): Promise<SeamCase[]> {
  const portraits = await Promise.all(['astronaut', 'hopper'].map(async (portrait) => {
    const avatar = await readAvatar(fileURLToPath(new URL(`../models/portraits/${portrait}`, import.meta.url)), true);
    return { portrait, avatar, photo: avatarPhoto(avatar), turned: await turnedHead(avatar) };
  }));
  return portraits.flatMap(({ portrait, avatar, photo, turned }) => MODES.flatMap((mode) => {
    const { box } = cutPortrait(photo, meshLandmarks(avatar.landmarks), { mode, sizePx: SIZE });
    return standIns(photo, turned, box).map(({ name: standIn, face }) => ({ portrait, mode, standIn, blend: { photo, face, box } }));
  }));
}

function standIns(photo: RgbImage, turned: RgbImage, box: Box): StandIn[] {
  const square = (image: RgbImage): RgbImage => resizeBilinear(cutBox(image, box), SIZE, SIZE);
  const coloured = (image: RgbImage, shift: readonly [number, number, number]): RgbImage => {
    const own = square(image);
    return { ...own, data: own.data.map((value, at) => Math.max(0, Math.min(255, value + shift[at % 3]!))) };
  };
  return [
    { name: 'as it is', face: square(photo) },
    { name: 'warmer', face: coloured(photo, [6, 1, -5]) },
    { name: 'brighter', face: coloured(photo, [8, 8, 8]) },
    { name: 'turned', face: square(turned) },
    { name: 'turned and warmer', face: coloured(turned, [6, 1, -5]) },
  ];
}

/** The portrait, its head turned and its mouth open. */
async function turnedHead(avatar: Avatar): Promise<RgbImage> {
  const pose: HeadPose = { ...NEUTRAL_POSE, yawDeg: 8, rollDeg: 4 };
  await using renderer = new WarpRenderer({ threads: 1 });
  const drawing = await renderer.open(avatar);
  const expression = new Float32Array(FACE_COEFFICIENTS.length);
  expression[FACE_INDEX.jaw] = 9;
  const picture = await drawing.draw({ mediaUs: 0, expression, pose });
  const image = rgbOf(picture);
  picture.release();
  return image;
}

function figuresOf(picture: RgbImage, blend: Blend): SeamFigures {
  const { photo, box } = blend;
  const plain = hardPaste(blend);
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  const seam: number[] = [];
  const face: number[] = [];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = ((box.top + y) * photo.width + box.left + x) * 3;
      if (nearEdge(box, photo, x, y)) {
        seam.push(difference(picture, photo, at));
      }
      if (Math.abs(x - width / 2) < width / 4 && Math.abs(y - height / 2) < height / 4) {
        face.push(difference(picture, plain, at));
      }
    }
  }
  return { seamMean: mean(seam), seamMax: Math.max(0, ...seam), faceMean: mean(face) };
}

/** True in the band inside those edges of the box that do not lie on the photo's border. */
function nearEdge({ left, top, right, bottom }: Box, photo: RgbImage, x: number, y: number): boolean {
  return (left > 0 && x < BAND_PX) || (top > 0 && y < BAND_PX) || (right < photo.width && x >= right - left - BAND_PX) || (bottom < photo.height && y >= bottom - top - BAND_PX);
}

function difference(a: RgbImage, b: RgbImage, at: number): number {
  return (Math.abs(a.data[at]! - b.data[at]!) + Math.abs(a.data[at + 1]! - b.data[at + 1]!) + Math.abs(a.data[at + 2]! - b.data[at + 2]!)) / 3;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Pictures side by side. */
async function writeStrip(path: string, pictures: readonly RgbImage[]): Promise<void> {
  const [{ width, height }] = pictures as [RgbImage];
  const tiles = pictures.map(({ data }, at) => ({ input: Buffer.from(data), raw: { width, height, channels: 3 as const }, left: at * width, top: 0 }));
  await sharp({ create: { width: width * pictures.length, height, channels: 3, background: '#000' } }).composite(tiles).png().toFile(path);
}

await main();
