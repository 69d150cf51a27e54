/**
 * Draws contact sheets of the built-in portraits, to be looked at: whole faces, mouths and eyes enlarged.
 * Run: node test/render/contact-sheet.ts <out folder> [folder of a prepared avatar …]
 */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { readAvatar } from '../../src/avatars/avatar-files.ts';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { FACE_COEFFICIENTS, FACE_INDEX, NEUTRAL_POSE, type FaceCoefficient, type HeadPose } from '../../src/base/motion-frame.ts';
import { xOf, yOf } from '../../src/render/face-frame.ts';
import { inSteps } from '../../src/render/steps.ts';
import { WarpFace } from '../../src/render/warp-face.ts';
import { WarpKernel } from '../../src/render/warp-kernel.ts';
import { WarpPainter } from '../../src/render/warp-painter.ts';
import { pictureRgb } from './picture-rgb.ts';

interface Shot {
  readonly name: string;
  readonly face?: Partial<Record<FaceCoefficient, number>>;
  readonly pose?: Partial<HeadPose>;
}

const closed = { blinkLeft: 1, blinkRight: 1 };

const SHOTS: readonly Shot[] = [
  { name: 'neutral' },
  { name: 'smile', face: { smile: 1 } },
  { name: 'smile .5', face: { smile: 0.5 } },
  { name: 'a', face: { jaw: 11.5 } },
  { name: 'jaw 18', face: { jaw: 18 } },
  { name: 'e i', face: { jaw: 4.5, stretch: 0.9, upperUp: 0.35, lowerDown: 0.4 } },
  { name: 'o', face: { jaw: 7, funnel: 1, pucker: 0.4 } },
  { name: 'u', face: { jaw: 2, pucker: 1 } },
  { name: 'f v', face: { tuck: 1, upperUp: 0.5, jaw: 1 } },
  { name: 'm b p', face: { press: 1 } },
  { name: 's t d n', face: { jaw: 3, stretch: 0.25, lowerDown: 0.3 } },
  { name: 'sh', face: { jaw: 2.5, pucker: 0.35, funnel: 0.6, lowerDown: 0.2 } },
  { name: 'k g er', face: { jaw: 5 } },
  { name: 'th', face: { jaw: 4, tongue: 1, lowerDown: 0.3 } },
  { name: 'l', face: { jaw: 6, tongue: 0.8 } },
  { name: 'smile open', face: { smile: 1, jaw: 5, upperUp: 0.6 } },
  { name: 'blink .5', face: { blinkLeft: 0.5, blinkRight: 0.5 } },
  { name: 'blink', face: closed },
  { name: 'wink', face: { blinkLeft: 1 } },
  { name: 'gaze left', face: { gazeX: -1 } },
  { name: 'gaze right', face: { gazeX: 1 } },
  { name: 'gaze up', face: { gazeY: -1 } },
  { name: 'gaze down', face: { gazeY: 1 } },
  { name: 'brow up', face: { brow: 1 } },
  { name: 'brow down', face: { brow: -1 } },
  { name: 'yaw -10', pose: { yawDeg: -10 } },
  { name: 'yaw 10', pose: { yawDeg: 10 } },
  { name: 'pitch -10', pose: { pitchDeg: -10 } },
  { name: 'pitch 10', pose: { pitchDeg: 10 } },
  { name: 'roll -10', pose: { rollDeg: -10 } },
  { name: 'roll 10', pose: { rollDeg: 10 } },
  { name: 'yaw 8 a blink', face: { jaw: 11, ...closed }, pose: { yawDeg: 8, rollDeg: 3 } },
  { name: 'yaw -8 e', face: { jaw: 4.5, stretch: 0.9, upperUp: 0.35, lowerDown: 0.4, gazeX: 0.8 }, pose: { yawDeg: -8, pitchDeg: 4 } },
  { name: 'pitch -8 o', face: { jaw: 7, funnel: 1, pucker: 0.4 }, pose: { pitchDeg: -8, rollDeg: -6 } },
];

const COLUMNS = 6;

/** A rectangle of the picture that a sheet shows, enlarged. */
interface Cut {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

async function sheet(pictures: readonly Buffer[], avatar: Avatar, cut: Cut, path: string): Promise<void> {
  const [width, height] = [Math.round(cut.width * cut.scale), Math.round(cut.height * cut.scale)];
  const tiles = await Promise.all(pictures.map(async (rgb, index) => ({
    input: await sharp(rgb, { raw: { width: avatar.width, height: avatar.height, channels: 3 } })
      .extract({ left: cut.left, top: cut.top, width: cut.width, height: cut.height })
      .resize(width, height, { kernel: 'cubic' })
      .composite([{ input: Buffer.from(`<svg width="${width}" height="22"><text x="5" y="16" font-size="15" font-family="sans-serif" fill="#ff0" stroke="#000" stroke-width="3" paint-order="stroke">${SHOTS[index]!.name}</text></svg>`), gravity: 'southwest' }])
      .png().toBuffer(),
    left: (index % COLUMNS) * width,
    top: Math.floor(index / COLUMNS) * height,
  })));
  await sharp({ create: { width: COLUMNS * width, height: Math.ceil(pictures.length / COLUMNS) * height, channels: 3, background: '#000' } })
    .composite(tiles).png().toFile(path);
}

/** Draws every shot from rest, so that sheets do not depend on the order. */
function drawAll(face: WarpFace): Buffer[] {
  return SHOTS.map((shot) => {
    const painter = new WarpPainter(face, 1);
    const expression = new Float32Array(FACE_COEFFICIENTS.length);
    for (const [name, value] of Object.entries(shot.face ?? {})) {
      expression[FACE_INDEX[name as FaceCoefficient]] = value;
    }
    painter.draw({ expression, pose: { ...NEUTRAL_POSE, ...shot.pose } }, 0);
    const rgb = pictureRgb(painter.picture(0), face.width, face.height);
    painter.close();
    return rgb;
  });
}

function cuts(face: WarpFace): Cut[] {
  const around = (name: string, size: { u: number; v: number; halfU: number; halfV: number; scale: number }): Cut => {
    const half = (mm: number): number => Math.round(mm * face.frame.pxPerMm);
    const left = Math.max(0, Math.round(xOf(face.frame, size.u, size.v)) - half(size.halfU));
    const top = Math.max(0, Math.round(yOf(face.frame, size.u, size.v)) - half(size.halfV));
    return {
      name, left, top, scale: size.scale,
      width: Math.min(face.width - left, 2 * half(size.halfU)), height: Math.min(face.height - top, 2 * half(size.halfV)),
    };
  };
  const eyesV = (face.eyes[0].irisV + face.eyes[1].irisV) / 2;
  return [
    { name: 'face', left: 0, top: 0, width: face.width, height: face.height, scale: 320 / face.width },
    around('mouth', { u: face.mouth.centreMm, v: 4, halfU: 46, halfV: 38, scale: 340 / (92 * face.frame.pxPerMm) }),
    around('eyes', { u: face.mouth.centreMm, v: eyesV, halfU: 62, halfV: 24, scale: 340 / (124 * face.frame.pxPerMm) }),
  ];
}

const [out, ...folders] = process.argv.slice(2);
if (out === undefined) {
  throw new TypeError('Name the folder the sheets go to: node test/render/contact-sheet.ts <out folder> [avatar folder …]');
}
await mkdir(out, { recursive: true });
const portraits = ['astronaut', 'hopper'].map((name) => fileURLToPath(new URL(`../../models/portraits/${name}`, import.meta.url)));
const kernel = await WarpKernel.load();
for (const folder of folders.length > 0 ? folders : portraits) {
  const avatar = await readAvatar(folder, true);
  const face = await inSteps(WarpFace.open(kernel, avatar));
  const pictures = drawAll(face);
  for (const cut of cuts(face)) {
    await sheet(pictures, avatar, cut, join(out, `${basename(folder)}-${cut.name}.png`));
  }
  face.close();
}
