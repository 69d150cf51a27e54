import { heightAt } from './curve.ts';
import { uOf, vOf } from './face-frame.ts';
import type { NodeOffsets, PixelBox } from './pixel-patch.ts';
import type { WarpFace } from './warp-face.ts';

/** Nodes this close to a lip's edge bound the patch that is drawn from both layers, in millimetres. */
const NEAR_MM = 6.5;
const BEYOND_CORNERS_MM = 4;

/** Knows where the lips of a face lie in the grid: joins the two layers into one and finds the box the mouth fills. */
export class LipTracker {
  readonly #face: WarpFace;
  /** Nodes of the mouth's window near the edge of the upper and of the lower lip. */
  readonly #upperNodes: Int32Array;
  readonly #lowerNodes: Int32Array;

  constructor(face: WarpFace) {
    this.#face = face;
    this.#upperNodes = this.#nodesNear(face.mouth.upper);
    this.#lowerNodes = this.#nodesNear(face.mouth.lower);
  }

  /** Writes into the whole grid's offsets the layer that is seen at each node of the mouth's window. */
  mergeInto(offsets: Float32Array, upper: NodeOffsets, lower: NodeOffsets): void {
    const { frame, mouth, mouthWindow, grid } = this.#face;
    for (let row = 0, node = 0; row < mouthWindow.rows; row += 1) {
      const yPx = (mouthWindow.top + row) * grid.cellPx;
      let to = ((mouthWindow.top + row) * grid.columns + mouthWindow.left) * 2;
      for (let column = 0; column < mouthWindow.columns; column += 1, node += 2, to += 2) {
        const x = (mouthWindow.left + column) * grid.cellPx + lower.values[node]!;
        const y = yPx + lower.values[node + 1]!;
        const from = vOf(frame, x, y) >= heightAt(mouth.lower, uOf(frame, x, y)) ? lower.values : upper.values;
        offsets[to] = from[node]!;
        offsets[to + 1] = from[node + 1]!;
      }
    }
  }

  /** Sets the box to the pixels that the lips' surroundings are carried to. */
  boxAround(upperShifts: Float32Array, lowerShifts: Float32Array, box: PixelBox): void {
    box.left = box.top = Infinity;
    box.right = box.bottom = -Infinity;
    this.#include(this.#upperNodes, upperShifts, box);
    this.#include(this.#lowerNodes, lowerShifts, box);
  }

  #include(nodes: Int32Array, shifts: Float32Array, box: PixelBox): void {
    const { mouthWindow, grid } = this.#face;
    for (const node of nodes) {
      const x = (mouthWindow.left + (node % mouthWindow.columns)) * grid.cellPx + shifts[node * 2]!;
      const y = (mouthWindow.top + Math.floor(node / mouthWindow.columns)) * grid.cellPx + shifts[node * 2 + 1]!;
      box.left = Math.min(box.left, Math.floor(x));
      box.right = Math.max(box.right, Math.ceil(x));
      box.top = Math.min(box.top, Math.floor(y));
      box.bottom = Math.max(box.bottom, Math.ceil(y));
    }
  }

  #nodesNear(edge: WarpFace['mouth']['upper']): Int32Array {
    const { frame, mouth, mouthWindow, grid } = this.#face;
    const nodes: number[] = [];
    for (let node = 0; node < mouthWindow.columns * mouthWindow.rows; node += 1) {
      const x = (mouthWindow.left + (node % mouthWindow.columns)) * grid.cellPx;
      const y = (mouthWindow.top + Math.floor(node / mouthWindow.columns)) * grid.cellPx;
      const u = uOf(frame, x, y);
      const across = u > mouth.leftMm - BEYOND_CORNERS_MM && u < mouth.rightMm + BEYOND_CORNERS_MM;
      if (across && Math.abs(vOf(frame, x, y) - heightAt(edge, u)) < NEAR_MM) {
        nodes.push(node);
      }
    }
    return Int32Array.from(nodes);
  }
}
