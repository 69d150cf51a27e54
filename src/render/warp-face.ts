import type { Avatar } from '../avatars/avatar.ts';
import { heightAt, mapCurve, smoothCurve } from './curve.ts';
import { DisplacementLayer, type LayerParts } from './displacement-layer.ts';
import { ExpressionField, type Layer } from './expression-field.ts';
import { eyeShape, type EyeShape } from './eye-shape.ts';
import { EyeShader } from './eye-shader.ts';
import { faceFrame, xOf, yOf, type FaceFrame } from './face-frame.ts';
import { headMaps } from './head-maps.ts';
import { headShape } from './head-pose-field.ts';
import { MouthInterior } from './mouth-interior.ts';
import { MouthShader } from './mouth-shader.ts';
import { mouthShape, type MouthShape } from './mouth-shape.ts';
import { allCells, movingCells, nodesOf, personNodes } from './moving-region.ts';
import { foregroundBytes, packBackground, packForeground } from './picture-layers.ts';
import { skinColour } from './photo-luma.ts';
import { LayerSampler } from './pixel-patch.ts';
import { teethColour } from './teeth-colour.ts';
import { gridWindow, warpGrid, type GridWindow, type WarpGrid } from './warp-grid.ts';
import type { Span, SpanList, WarpKernel } from './warp-kernel.ts';
import type { MemoryBlock } from './memory-arena.ts';

/** How far the mouth can travel with the head, in millimetres: both layers are kept over this much around it. */
const MOUTH_TRAVEL_MM = { across: 34, up: 30, down: 42 };

/** Teeth lie this far behind the lips, in millimetres. */
const TEETH_BEHIND_MM = 7;

/** A row of teeth follows the line of the lips no more closely than this. */
const TEETH_SMOOTH_MM = 8;

/** Glasses bend with the brow behind them: such a brow moves less. */
const COVERED_BROW_SHARE = 0.25;

/** Everything about an avatar that all its drawings share, inside one kernel's memory. */
export class WarpFace {
  readonly width: number;
  readonly height: number;
  readonly grid: WarpGrid;
  readonly frame: FaceFrame;
  readonly mouth: MouthShape;
  /** In the order of the picture: left, right. */
  readonly eyes: readonly [EyeShape, EyeShape];
  /** Whole picture as one layer; away from the lips it is all there is. */
  readonly merged: DisplacementLayer;
  readonly upper: DisplacementLayer;
  readonly lower: DisplacementLayer;
  readonly mouthWindow: GridWindow;
  readonly mouthShader: MouthShader;
  readonly eyeShaders: readonly [EyeShader, EyeShader];
  /** Per node: 1 where the person is near. */
  readonly person: Uint8Array;
  /** Nodes that any motion can reach. */
  readonly movingNodes: readonly Span[];
  /** The same without the mouth's window, which is inverted layer by layer. */
  readonly invertedNodes: SpanList;
  /** All nodes of the mouth's window, numbered from its own corner. */
  readonly mouthNodes: SpanList;
  readonly allCells: SpanList;
  readonly foregroundAt: number;
  readonly backgroundAt: number;
  /** Grid of the merged layer's displacements: scratch of one frame. */
  readonly displacementAt: number;
  readonly displacement: Float32Array;
  readonly kernel: WarpKernel;
  readonly #blocks: MemoryBlock[] = [];
  #closed = false;

  constructor(kernel: WarpKernel, avatar: Avatar) {
    this.kernel = kernel;
    this.width = avatar.width;
    this.height = avatar.height;
    this.frame = faceFrame(avatar.landmarks);
    this.grid = warpGrid(avatar, this.frame.pxPerMm);
    this.mouth = mouthShape(avatar, this.frame);
    this.eyes = [eyeShape(avatar, this.frame, 'left'), eyeShape(avatar, this.frame, 'right')];
    const field = new ExpressionField(this.mouth, this.eyes.map((eye) => ({ centreMm: (eye.leftMm + eye.rightMm) / 2, heightMm: eye.browMm, share: eye.covered ? COVERED_BROW_SHARE : 1 })));
    const head = headShape(avatar.landmarks, this.frame, this.mouth);
    const maps = headMaps(this.grid, this.frame, head);
    const shared = { grid: this.grid, frame: this.frame, field, head, maps };
    this.mouthWindow = this.#mouthWindow();
    const layer = (name: Layer): DisplacementLayer => new DisplacementLayer({ ...shared, window: this.mouthWindow, layer: name });
    this.upper = layer('upper');
    this.lower = layer('lower');
    this.merged = new DisplacementLayer({ ...shared, window: this.#activeWindow(shared.maps.weight), layer: 'merged' });

    this.person = personNodes(this.grid, avatar.matte);
    const moving = movingCells(this.grid, this.merged, this.person, this.frame.pxPerMm);
    this.movingNodes = nodesOf(moving, { left: 0, top: 0, columns: 0, rows: 0 });
    this.invertedNodes = this.#spans(nodesOf(moving, this.mouthWindow));
    this.mouthNodes = this.#spans(Array.from({ length: this.mouthWindow.rows }, (_, row) => ({ row, first: 0, end: this.mouthWindow.columns })));
    this.allCells = this.#spans(allCells(this.grid));
    this.foregroundAt = this.#take(foregroundBytes(this.width, this.height));
    this.backgroundAt = this.#take(this.width * this.height * 4);
    this.displacementAt = this.#take(this.grid.columns * this.grid.rows * 8);
    const buffer = kernel.arena.memory.buffer;
    const foreground = new Uint8Array(buffer, this.foregroundAt, foregroundBytes(this.width, this.height));
    const background = new Uint8Array(buffer, this.backgroundAt, this.width * this.height * 4);
    packForeground(avatar, foreground);
    packBackground(avatar, background);
    this.displacement = new Float32Array(buffer, this.displacementAt, this.grid.columns * this.grid.rows * 2).fill(0);

    const sampler = new LayerSampler(this, foreground, background);
    this.eyeShaders = [new EyeShader(this.eyes[0], this.frame, sampler), new EyeShader(this.eyes[1], this.frame, sampler)];
    this.mouthShader = this.#mouthShader(avatar, shared, sampler);
  }

  /** Gives the kernel's memory back; idempotent. */
  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      for (const block of this.#blocks) {
        this.kernel.arena.give(block);
      }
    }
  }

  #mouthShader(avatar: Avatar, parts: Omit<LayerParts, 'window' | 'layer'>, sampler: LayerSampler): MouthShader {
    const { mouth, frame, grid } = this;
    const skin = skinColour(avatar);
    const middle = heightAt(mouth.upper, mouth.centreMm);
    const node = Math.round(yOf(frame, mouth.centreMm, middle) / grid.cellPx) * grid.columns
      + Math.round(xOf(frame, mouth.centreMm, middle) / grid.cellPx);
    return new MouthShader({
      frame, mouth, sampler,
      interior: new MouthInterior({ halfWidthMm: mouth.halfWidthMm, skin, teeth: teethColour(avatar, { frame, mouth, skin }), ownTeeth: mouth.ownTeeth }),
      meeting: smoothCurve(mapCurve(mouth.upper, (v, u) => v + mouth.upperShare * (heightAt(mouth.lower, u) - v)), TEETH_SMOOTH_MM),
      pivotU: parts.head.pivotU,
      pivotV: parts.head.pivotV,
      teethZ: parts.maps.depth[node]! - parts.head.pivotZ - TEETH_BEHIND_MM,
      weight: parts.maps.weight[node]!,
    });
  }

  /** Nodes around the mouth wherever the head can carry it. */
  #mouthWindow(): GridWindow {
    const { mouth, frame } = this;
    const corners = [mouth.leftMm - MOUTH_TRAVEL_MM.across, mouth.rightMm + MOUTH_TRAVEL_MM.across].flatMap((u) => [
      heightAt(mouth.upper, mouth.centreMm) - MOUTH_TRAVEL_MM.up, heightAt(mouth.lower, mouth.centreMm) + MOUTH_TRAVEL_MM.down,
    ].map((v) => ({ x: xOf(frame, u, v), y: yOf(frame, u, v) })));
    return gridWindow(this.grid, {
      left: Math.min(...corners.map(({ x }) => x)),
      right: Math.max(...corners.map(({ x }) => x)),
      top: Math.min(...corners.map(({ y }) => y)),
      bottom: Math.max(...corners.map(({ y }) => y)),
    });
  }

  /** Nodes that anything displaces: where the head has weight, and the mouth's surroundings. */
  #activeWindow(weight: Float32Array): GridWindow {
    const { grid, mouthWindow } = this;
    let [left, right] = [mouthWindow.left, mouthWindow.left + mouthWindow.columns - 1];
    let [top, bottom] = [mouthWindow.top, mouthWindow.top + mouthWindow.rows - 1];
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

  #take(bytes: number): number {
    const block = this.kernel.arena.take(bytes);
    this.#blocks.push(block);
    return block.offset;
  }

  #spans(spans: Parameters<WarpKernel['placeSpans']>[0]): SpanList {
    const { list, block } = this.kernel.placeSpans(spans);
    this.#blocks.push(block);
    return list;
  }
}
