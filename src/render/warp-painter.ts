import { FACE_COEFFICIENTS, FACE_INDEX, type HeadPose } from '../base/motion-frame.ts';
import { pictureBytes } from '../base/picture.ts';
import { FIELD_COEFFICIENTS } from './expression-field.ts';
import { FIELD_INDEX, fieldCoefficients } from './face-expression.ts';
import type { ShiftGrid } from './displacement-layer.ts';
import { DirtyCells } from './dirty-cells.ts';
import type { EyeState } from './eyelids.ts';
import { xOf, yOf } from './face-frame.ts';
import { restTurn, turnTo } from './head-pose-field.ts';
import { LipTracker } from './lip-tracker.ts';
import type { MemoryBlock } from './memory-arena.ts';
import { PatchPainter, type NodeOffsets, type PixelBox } from './pixel-patch.ts';
import type { WarpFace } from './warp-face.ts';
import type { InvertJob, SpanList, WarpKernel } from './warp-kernel.ts';

/** Passes over the inverse start from the frame before and end when nothing moves more than this. */
const SETTLED_PX = 0.1;
const LEAST_PASSES = 2;
const MOST_PASSES = 10;

/** Room around what an eye's patch changes, in millimetres. */
const EYE_ROOM_MM = 1;

/** Skin below the lower lid that a blink moves, in millimetres. */
const LOWER_LID_MM = 8;

/** What one frame shows. */
export interface FaceMotion {
  /** One value per `FACE_COEFFICIENTS`. */
  readonly expression: Float32Array;
  readonly pose: HeadPose;
}

/** One viewer's face: the inverse warp of its last frame, and the loop that draws the next. */
export class WarpPainter {
  readonly #face: WarpFace;
  readonly #block: MemoryBlock;
  readonly #pictures: Uint8Array;
  readonly #offsets: NodeOffsets;
  readonly #job: InvertJob;
  readonly #upper: LayerState;
  readonly #lower: LayerState;
  readonly #coefficients = new Float32Array(FIELD_COEFFICIENTS.length);
  readonly #turn = restTurn();
  readonly #patches = new PatchPainter();
  readonly #lips: LipTracker;
  /** Left eye, right eye, mouth. */
  readonly #boxes: readonly [PixelBox, PixelBox, PixelBox] = [emptyBox(), emptyBox(), emptyBox()];
  readonly #eyeStates: readonly [EyeState, EyeState] = [{ blink: 0, gazeX: 0, gazeY: 0 }, { blink: 0, gazeX: 0, gazeY: 0 }];
  readonly #spans: Int32Array;
  readonly #cells = { offset: 0, count: 0 };
  /** What this frame changes, and what each picture holds that is not the portrait. */
  readonly #dirty: DirtyCells;
  readonly #drawn: readonly DirtyCells[];
  readonly #mouth = { jawMm: 0, tongue: 0, rounding: 0, close: 1, tuck: 0 };
  #closed = false;

  /** Takes memory for `pictures` I420 pictures, one after the other, and fills them with the portrait. */
  constructor(face: WarpFace, pictures: number) {
    const { grid, kernel } = face;
    const offsetBytes = grid.columns * grid.rows * 8;
    const bytes = pictureBytes(face.width, face.height);
    const spanBytes = (grid.rows - 1) * 12;
    this.#face = face;
    this.#block = kernel.arena.take(offsetBytes + 2 * layerBytes(face) + spanBytes + pictures * bytes);
    const { buffer } = kernel.arena.memory;
    const values = new Float32Array(buffer, this.#block.offset, offsetBytes / 4).fill(0);
    const layersAt = this.#block.offset + offsetBytes;
    const spansAt = layersAt + 2 * layerBytes(face);
    this.#offsets = { values, columns: grid.columns, rows: grid.rows, leftPx: 0, topPx: 0, cellPx: grid.cellPx };
    this.#job = {
      displacementAt: face.displacementAt, offsetsAt: values.byteOffset, nodes: face.invertedNodes,
      columns: grid.columns, rows: grid.rows, cellPx: grid.cellPx,
    };
    this.#upper = layerState(face, layersAt);
    this.#lower = layerState(face, layersAt + layerBytes(face));
    this.#spans = new Int32Array(buffer, spansAt, spanBytes / 4);
    this.#pictures = new Uint8Array(buffer, spansAt + spanBytes, pictures * bytes);
    this.#lips = new LipTracker(face);
    this.#dirty = new DirtyCells(grid);
    this.#drawn = Array.from({ length: pictures }, () => new DirtyCells(grid));
    this.#composite(0, face.allCells);
    for (let picture = 1; picture < pictures; picture += 1) {
      this.#pictures.copyWithin(picture * bytes, 0, bytes);
    }
  }

  /** Byte offset of a picture in the kernel's memory. */
  pictureAt(picture: number): number {
    return this.#pictures.byteOffset + picture * pictureBytes(this.#face.width, this.#face.height);
  }

  /** Bytes of a picture: a view, good as long as the painter is open. */
  picture(picture: number): Uint8Array {
    const bytes = pictureBytes(this.#face.width, this.#face.height);
    return this.#pictures.subarray(picture * bytes, (picture + 1) * bytes);
  }

  /** Draws a motion into a picture; only what can move is written. */
  draw(motion: FaceMotion, picture: number): void {
    const face = this.#face;
    if (motion.expression.length !== FACE_COEFFICIENTS.length) {
      throw new TypeError(`The built-in face takes ${FACE_COEFFICIENTS.length} coefficients, not ${motion.expression.length}.`);
    }
    fieldCoefficients(motion.expression, face.mouth, this.#coefficients);
    turnTo(motion.pose, this.#turn);
    this.#displace();
    this.#invert();
    this.#place(motion.expression);
    this.#composite(picture, this.#changedCells(picture));
    const bytes = this.picture(picture);
    this.#drawEye(0, bytes);
    this.#drawEye(1, bytes);
    this.#drawMouth(motion.expression, bytes);
  }

  /** Gives the memory back; idempotent. */
  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#face.kernel.arena.give(this.#block);
    }
  }

  #displace(): void {
    const { merged, upper, lower, grid, displacement } = this.#face;
    const first = merged.window.top * grid.columns + merged.window.left;
    merged.displace(this.#coefficients, this.#turn, { shifts: displacement, stride: grid.columns, first });
    upper.displace(this.#coefficients, this.#turn, this.#upper.target);
    lower.displace(this.#coefficients, this.#turn, this.#lower.target);
  }

  #invert(): void {
    const { kernel } = this.#face;
    settle(kernel, this.#job);
    settle(kernel, this.#upper.job);
    settle(kernel, this.#lower.job);
    this.#lips.mergeInto(this.#offsets.values, this.#upper.nodes, this.#lower.nodes);
  }

  #composite(picture: number, cells: SpanList): void {
    const { kernel, foregroundAt, backgroundAt, width, height, grid } = this.#face;
    kernel.composite({
      foregroundAt, backgroundAt, width, height, cells, cellPx: grid.cellPx,
      offsetsAt: this.#offsets.values.byteOffset, pictureAt: this.pictureAt(picture),
    });
  }

  /** Finds the boxes of eyes and mouth in this frame; an eye that looks as in the portrait has an empty one. */
  #place(expression: Float32Array): void {
    this.#placeEye(0, expression[FACE_INDEX.blinkLeft]!, expression);
    this.#placeEye(1, expression[FACE_INDEX.blinkRight]!, expression);
    this.#lips.boxAround(this.#upper.target.shifts, this.#lower.target.shifts, this.#boxes[2]);
  }

  #placeEye(index: 0 | 1, blink: number, expression: Float32Array): void {
    const state = this.#eyeStates[index];
    const box = this.#boxes[index];
    const eye = this.#face.eyes[index];
    // Behind dark glasses nothing moves.
    const seen = eye.hidden ? 0 : 1;
    state.blink = seen * blink;
    state.gazeX = seen * expression[FACE_INDEX.gazeX]!;
    state.gazeY = seen * expression[FACE_INDEX.gazeY]!;
    const lids = state.blink > 0 || state.gazeY > 0;
    if (lids || state.gazeX !== 0 || state.gazeY !== 0) {
      const top = (lids ? eye.topMm : eye.upperMm) - EYE_ROOM_MM;
      this.#boxAround(eye.leftMm, eye.rightMm, { top, bottom: eye.lowerMm + (lids ? LOWER_LID_MM : 0) + EYE_ROOM_MM }, box);
    } else {
      box.right = box.left;
      box.bottom = box.top;
    }
  }

  /** Returns the cells to draw: what this frame changes, and what the picture still holds from its last one. */
  #changedCells(picture: number): SpanList {
    const dirty = this.#dirty;
    const drawn = this.#drawn[picture]!;
    dirty.clear();
    dirty.addMoved(this.#offsets, this.#face.movingNodes, this.#face.person);
    for (const box of this.#boxes) {
      dirty.addBox(box);
    }
    drawn.add(dirty);
    this.#cells.offset = this.#spans.byteOffset;
    this.#cells.count = drawn.write(this.#spans);
    drawn.copy(dirty);
    return this.#cells;
  }

  #drawEye(index: 0 | 1, bytes: Uint8Array): void {
    const box = this.#boxes[index];
    if (box.right > box.left) {
      const shader = this.#face.eyeShaders[index];
      shader.begin(this.#eyeStates[index], this.#offsets);
      this.#patches.paint(shader, box, bytes, this.#face);
    }
  }

  /** Sets the box to where the head carries a rectangle of the face frame. */
  #boxAround(leftMm: number, rightMm: number, rows: { readonly top: number; readonly bottom: number }, box: PixelBox): void {
    const { frame, grid, displacement } = this.#face;
    box.left = box.top = Infinity;
    box.right = box.bottom = -Infinity;
    for (let corner = 0; corner < 4; corner += 1) {
      const u = (corner & 1) === 0 ? leftMm : rightMm;
      const v = corner < 2 ? rows.top : rows.bottom;
      const x = xOf(frame, u, v);
      const y = yOf(frame, u, v);
      const column = Math.min(grid.columns - 1, Math.max(0, Math.round(x / grid.cellPx)));
      const row = Math.min(grid.rows - 1, Math.max(0, Math.round(y / grid.cellPx)));
      const node = (row * grid.columns + column) * 2;
      box.left = Math.min(box.left, Math.floor(x + displacement[node]!) - 3);
      box.right = Math.max(box.right, Math.ceil(x + displacement[node]!) + 3);
      box.top = Math.min(box.top, Math.floor(y + displacement[node + 1]!) - 3);
      box.bottom = Math.max(box.bottom, Math.ceil(y + displacement[node + 1]!) + 3);
    }
  }

  #drawMouth(expression: Float32Array, bytes: Uint8Array): void {
    const face = this.#face;
    const mouth = this.#mouth;
    mouth.jawMm = this.#coefficients[FIELD_INDEX.jaw]!;
    mouth.tongue = Math.min(1, Math.max(0, expression[FACE_INDEX.tongue]!));
    mouth.tuck = this.#coefficients[FIELD_INDEX.tuck]!;
    // Teeth on the lower lip stand in front, whatever the lips have been rounded for.
    mouth.rounding = (1 - mouth.tuck) * Math.max(this.#coefficients[FIELD_INDEX.funnel]!, 0.8 * this.#coefficients[FIELD_INDEX.pucker]!);
    mouth.close = face.mouth.open ? this.#coefficients[FIELD_INDEX.close]! : 1;
    face.mouthShader.begin(mouth, this.#turn, this.#upper.nodes, this.#lower.nodes);
    this.#patches.paint(face.mouthShader, this.#boxes[2], bytes, face);
  }
}

function emptyBox(): PixelBox {
  return { left: 0, top: 0, right: 0, bottom: 0 };
}

/** One lip layer of one drawing, over the mouth's window. */
interface LayerState {
  readonly nodes: NodeOffsets;
  readonly target: ShiftGrid;
  readonly job: InvertJob;
}

/** Bytes of one layer: its displacements, then its offsets. */
function layerBytes(face: WarpFace): number {
  return face.mouthWindow.columns * face.mouthWindow.rows * 16;
}

function layerState(face: WarpFace, at: number): LayerState {
  const { left, top, columns, rows } = face.mouthWindow;
  const { cellPx } = face.grid;
  const { buffer } = face.kernel.arena.memory;
  const floats = columns * rows * 2;
  const displacement = new Float32Array(buffer, at, floats).fill(0);
  const offsets = new Float32Array(buffer, at + floats * 4, floats).fill(0);
  return {
    nodes: { values: offsets, columns, rows, leftPx: left * cellPx, topPx: top * cellPx, cellPx },
    target: { shifts: displacement, stride: columns, first: 0 },
    job: { displacementAt: at, offsetsAt: offsets.byteOffset, nodes: face.mouthNodes, columns, rows, cellPx },
  };
}

/** Repeats the fixed-point pass, from where the last frame left it, until nothing moves any more. */
function settle(kernel: WarpKernel, job: InvertJob): void {
  for (let count = 1; count <= MOST_PASSES; count += 1) {
    if (kernel.invert(job) < SETTLED_PX && count >= LEAST_PASSES) {
      return;
    }
  }
}
