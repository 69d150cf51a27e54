import type { Avatar } from '../avatars/avatar.ts';
import { heightAt, mapCurve, smoothCurve } from './curve.ts';
import type { DisplacementLayer } from './displacement-layer.ts';
import type { EyeShape } from './eye-shape.ts';
import { EyeShader } from './eye-shader.ts';
import { xOf, yOf, type FaceFrame } from './face-frame.ts';
import { faceShape, type FaceShape } from './face-shape.ts';
import type { MemoryBlock } from './memory-arena.ts';
import { MouthInterior } from './mouth-interior.ts';
import { MouthShader } from './mouth-shader.ts';
import type { MouthShape } from './mouth-shape.ts';
import { allCells, nodesOf } from './moving-region.ts';
import { foregroundBytes, packBackground, packForeground } from './picture-layers.ts';
import { LayerSampler } from './pixel-patch.ts';
import type { Steps } from './steps.ts';
import type { GridWindow, WarpGrid } from './warp-grid.ts';
import type { Span, SpanList, WarpKernel } from './warp-kernel.ts';

/** Teeth lie this far behind the lips, in millimetres. */
const TEETH_BEHIND_MM = 7;

/** A row of teeth follows the line of the lips no more closely than this. */
const TEETH_SMOOTH_MM = 8;

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
  readonly #foreground: Uint8Array;
  readonly #background: Uint8Array;
  readonly #blocks: MemoryBlock[] = [];
  #closed = false;

  private constructor(kernel: WarpKernel, { width, height }: Avatar, shape: FaceShape) {
    this.kernel = kernel;
    this.width = width;
    this.height = height;
    this.grid = shape.grid;
    this.frame = shape.frame;
    this.mouth = shape.mouth;
    this.eyes = shape.eyes;
    this.mouthWindow = shape.mouthWindow;
    this.upper = shape.upper;
    this.lower = shape.lower;
    this.merged = shape.merged;
    this.person = shape.person;
    this.movingNodes = nodesOf(shape.moving, { left: 0, top: 0, columns: 0, rows: 0 });
    try {
      this.invertedNodes = this.#spans(nodesOf(shape.moving, this.mouthWindow));
      this.mouthNodes = this.#spans(Array.from({ length: this.mouthWindow.rows }, (_, row) => ({ row, first: 0, end: this.mouthWindow.columns })));
      this.allCells = this.#spans(allCells(this.grid));
      this.foregroundAt = this.#take(foregroundBytes(width, height));
      this.backgroundAt = this.#take(width * height * 4);
      this.displacementAt = this.#take(this.grid.columns * this.grid.rows * 8);
    } catch (error) {
      this.close();
      throw error;
    }
    const { buffer } = kernel.arena.memory;
    this.#foreground = new Uint8Array(buffer, this.foregroundAt, foregroundBytes(width, height));
    this.#background = new Uint8Array(buffer, this.backgroundAt, width * height * 4);
    this.displacement = new Float32Array(buffer, this.displacementAt, this.grid.columns * this.grid.rows * 2).fill(0);
    const sampler = new LayerSampler(this, this.#foreground, this.#background);
    this.eyeShaders = [new EyeShader(this.eyes[0], this.frame, sampler), new EyeShader(this.eyes[1], this.frame, sampler)];
    this.mouthShader = mouthShader(shape, sampler);
  }

  /** Prepares an avatar. @throws InvalidStateError when the kernel's memory is full; nothing of it is held then. */
  static *open(kernel: WarpKernel, avatar: Avatar): Steps<WarpFace> {
    const shape = yield* faceShape(avatar);
    yield;
    const face = new WarpFace(kernel, avatar, shape);
    yield* packForeground(avatar, face.#foreground);
    yield* packBackground(avatar, face.#background);
    return face;
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

function mouthShader({ mouth, frame, grid, head, maps, skin, teeth, tones }: FaceShape, sampler: LayerSampler): MouthShader {
  const middle = heightAt(mouth.upper, mouth.centreMm);
  const node = Math.round(yOf(frame, mouth.centreMm, middle) / grid.cellPx) * grid.columns
    + Math.round(xOf(frame, mouth.centreMm, middle) / grid.cellPx);
  return new MouthShader({
    frame, mouth, sampler,
    interior: new MouthInterior({ halfWidthMm: mouth.halfWidthMm, skin, teeth, tones, ownTeeth: mouth.ownTeeth }),
    meeting: smoothCurve(mapCurve(mouth.upper, (v, u) => v + mouth.upperShare * (heightAt(mouth.lower, u) - v)), TEETH_SMOOTH_MM),
    pivotU: head.pivotU,
    pivotV: head.pivotV,
    teethZ: maps.depth[node]! - head.pivotZ - TEETH_BEHIND_MM,
    weight: maps.weight[node]!,
  });
}
