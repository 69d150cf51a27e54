import type { Avatar } from '../avatars/avatar.ts';
import { heightAt } from './curve.ts';
import { DisplacementLayer, type HeadMaps } from './displacement-layer.ts';
import { ExpressionField, type Layer } from './expression-field.ts';
import { eyeShape, type EyeShape } from './eye-shape.ts';
import { faceFrame, xOf, yOf, type FaceFrame } from './face-frame.ts';
import { headMaps } from './head-maps.ts';
import { headShape, type HeadShape } from './head-pose-field.ts';
import { mouthShape, type MouthShape } from './mouth-shape.ts';
import { movingCells, personNodes } from './moving-region.ts';
import { personTones, type PersonTones } from './person-tones.ts';
import { skinColour } from './photo-luma.ts';
import type { Steps } from './steps.ts';
import { teethColour } from './teeth-colour.ts';
import { gridWindow, warpGrid, type GridWindow, type WarpGrid } from './warp-grid.ts';
import type { Span } from './warp-kernel.ts';

/** How far the mouth can travel with the head, in millimetres: both layers are kept over this much around it. */
const MOUTH_TRAVEL_MM = { across: 34, up: 30, down: 42 };

/** Glasses bend with the brow behind them: such a brow moves less. */
const BARRED_BROW_SHARE = 0.25;

/** What is measured on a photo and worked out from that, before anything of it lies in a kernel's memory. */
export interface FaceShape {
  readonly grid: WarpGrid;
  readonly frame: FaceFrame;
  readonly mouth: MouthShape;
  /** In the order of the picture: left, right. */
  readonly eyes: readonly [EyeShape, EyeShape];
  readonly head: HeadShape;
  readonly maps: HeadMaps;
  readonly mouthWindow: GridWindow;
  /** The lips' layers, over the mouth's window. */
  readonly upper: DisplacementLayer;
  readonly lower: DisplacementLayer;
  /** Whole picture as one layer; away from the lips it is all there is. */
  readonly merged: DisplacementLayer;
  /** Per node: 1 where the person is near. */
  readonly person: Uint8Array;
  /** Cells that any motion can change. */
  readonly moving: readonly Span[];
  /** Colours, R, G, B. */
  readonly skin: readonly [number, number, number];
  readonly teeth: readonly [number, number, number];
  readonly tones: PersonTones;
}

/** Measures a photo's face. */
export function* faceShape(avatar: Avatar): Steps<FaceShape> {
  const frame = faceFrame(avatar.landmarks);
  const grid = warpGrid(avatar, frame.pxPerMm);
  const mouth = mouthShape(avatar, frame);
  yield;
  const tones = personTones(avatar);
  yield;
  const left = eyeShape(avatar, frame, 'left', tones);
  yield;
  const right = eyeShape(avatar, frame, 'right', tones);
  // Dark glasses hide both: an eye that is dark alone lies in the shade.
  const hidden = left.hidden && right.hidden;
  const eyes = [{ ...left, hidden }, { ...right, hidden }] as const;
  yield;
  const field = new ExpressionField(mouth, eyes.map((eye) => ({ centreMm: (eye.leftMm + eye.rightMm) / 2, heightMm: eye.browMm, share: eye.barred ? BARRED_BROW_SHARE : 1 })));
  const head = headShape(avatar.landmarks, frame, mouth);
  const maps = yield* headMaps(grid, frame, head);
  const mouthWindow = windowAround(mouth, frame, grid);
  const layer = (name: Layer | 'merged', window: GridWindow): Steps<DisplacementLayer> => DisplacementLayer.make({ grid, frame, field, head, maps, window, layer: name });
  const upper = yield* layer('upper', mouthWindow);
  const lower = yield* layer('lower', mouthWindow);
  const merged = yield* layer('merged', activeWindow(maps.weight, grid, mouthWindow));
  const person = personNodes(grid, avatar.matte);
  yield;
  const moving = yield* movingCells(grid, merged, person, frame.pxPerMm);
  yield;
  const skin = skinColour(avatar);
  return { grid, frame, mouth, eyes, head, maps, mouthWindow, upper, lower, merged, person, moving, skin, teeth: teethColour(avatar, { frame, mouth, skin, tones }), tones };
}

/** Nodes around the mouth wherever the head can carry it. */
function windowAround(mouth: MouthShape, frame: FaceFrame, grid: WarpGrid): GridWindow {
  const corners = [mouth.leftMm - MOUTH_TRAVEL_MM.across, mouth.rightMm + MOUTH_TRAVEL_MM.across].flatMap((u) => [
    heightAt(mouth.upper, mouth.centreMm) - MOUTH_TRAVEL_MM.up, heightAt(mouth.lower, mouth.centreMm) + MOUTH_TRAVEL_MM.down,
  ].map((v) => ({ x: xOf(frame, u, v), y: yOf(frame, u, v) })));
  return gridWindow(grid, {
    left: Math.min(...corners.map(({ x }) => x)),
    right: Math.max(...corners.map(({ x }) => x)),
    top: Math.min(...corners.map(({ y }) => y)),
    bottom: Math.max(...corners.map(({ y }) => y)),
  });
}

/** Nodes that anything displaces: where the head has weight, and the mouth's surroundings. */
function activeWindow(weight: Float32Array, grid: WarpGrid, around: GridWindow): GridWindow {
  let [left, right] = [around.left, around.left + around.columns - 1];
  let [top, bottom] = [around.top, around.top + around.rows - 1];
  weight.forEach((value, node) => {
    if (value > 1e-3) {
      left = Math.min(left, node % grid.columns);
      right = Math.max(right, node % grid.columns);
      top = Math.min(top, Math.floor(node / grid.columns));
      bottom = Math.max(bottom, Math.floor(node / grid.columns));
    }
  });
  return { left, top, columns: right - left + 1, rows: bottom - top + 1 };
}
