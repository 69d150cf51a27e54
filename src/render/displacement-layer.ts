import { FIELD_COEFFICIENTS, type ExpressionField, type FieldCoefficient, type Layer, type Shift } from './expression-field.ts';
import { uOf, vOf, type FaceFrame } from './face-frame.ts';
import type { HeadShape, PoseTurn } from './head-pose-field.ts';
import type { Steps } from './steps.ts';
import type { GridWindow, WarpGrid } from './warp-grid.ts';

/** Displacements under this many millimetres are left out of a basis. */
const NEGLIGIBLE_MM = 0.01;

/** Where a coefficient moves anything is first tried at every so many-th node: a part that falls between them hardly moves. */
const TRIED_NODES = 3;

/** What one unit of one coefficient does to the nodes of a window: du, dv pairs in millimetres. */
export interface Basis {
  readonly window: GridWindow;
  readonly shifts: Float32Array;
}

/** A grid of displacements in pixels, x and y interleaved, `stride` nodes to a row; `first` is the index of its window's first node. */
export interface ShiftGrid {
  readonly shifts: Float32Array;
  readonly stride: number;
  readonly first: number;
}

/** Depth and head weight at every node of the whole grid. */
export interface HeadMaps {
  readonly depth: Float32Array;
  readonly weight: Float32Array;
}

/** What a layer is made from. */
export interface LayerParts {
  readonly grid: WarpGrid;
  readonly frame: FaceFrame;
  readonly field: ExpressionField;
  readonly head: HeadShape;
  readonly maps: HeadMaps;
  readonly window: GridWindow;
  /** `merged` takes at each node the layer that is seen there. */
  readonly layer: Layer | 'merged';
}

/** The forward displacement of one layer over a window of the grid. Statics of an avatar and one scratch area: no state between frames. */
export class DisplacementLayer {
  readonly window: GridWindow;
  readonly #frame: FaceFrame;
  readonly #head: HeadShape;
  readonly #bases: Basis[] = [];
  readonly #expression: Float32Array;
  readonly #u: Float32Array;
  readonly #v: Float32Array;
  readonly #depth: Float32Array;
  readonly #weight: Float32Array;

  private constructor(parts: LayerParts) {
    const { grid, frame, window } = parts;
    const nodes = window.columns * window.rows;
    this.window = window;
    this.#frame = frame;
    this.#head = parts.head;
    this.#expression = new Float32Array(nodes * 2);
    this.#u = new Float32Array(nodes);
    this.#v = new Float32Array(nodes);
    this.#depth = new Float32Array(nodes);
    this.#weight = new Float32Array(nodes);
    for (let node = 0; node < nodes; node += 1) {
      const column = window.left + (node % window.columns);
      const row = window.top + Math.floor(node / window.columns);
      const global = row * grid.columns + column;
      this.#u[node] = uOf(frame, column * grid.cellPx, row * grid.cellPx);
      this.#v[node] = vOf(frame, column * grid.cellPx, row * grid.cellPx);
      this.#depth[node] = parts.maps.depth[global]! - parts.head.pivotZ;
      this.#weight[node] = parts.maps.weight[global]!;
    }
  }

  /** Works a layer out, a coefficient at a time. */
  static *make(parts: LayerParts): Steps<DisplacementLayer> {
    const layer = new DisplacementLayer(parts);
    for (const coefficient of FIELD_COEFFICIENTS) {
      yield;
      layer.#bases.push(layer.#basis(parts, coefficient));
    }
    return layer;
  }

  /** Writes the displacements in pixels for coefficients (one per `FIELD_COEFFICIENTS`) and a turn of the head. */
  displace(coefficients: Float32Array, turn: PoseTurn, out: ShiftGrid): void {
    this.#expression.fill(0);
    for (let index = 0; index < coefficients.length; index += 1) {
      if (coefficients[index] !== 0) {
        this.#add(this.#bases[index]!, coefficients[index]!);
      }
    }
    const { columns, rows } = this.window;
    for (let row = 0; row < rows; row += 1) {
      this.#turnRow(row * columns, turn, out.shifts, (out.first + row * out.stride) * 2);
    }
  }

  #add(basis: Basis, amount: number): void {
    const { window, shifts } = basis;
    const sum = this.#expression;
    const width = window.columns * 2;
    for (let row = 0; row < window.rows; row += 1) {
      let to = ((window.top + row) * this.window.columns + window.left) * 2;
      let from = row * width;
      const end = from + width;
      for (; from < end; from += 1, to += 1) {
        sum[to]! += amount * shifts[from]!;
      }
    }
  }

  /** Turns one row of nodes with the head and writes pixels. */
  #turnRow(from: number, turn: PoseTurn, out: Float32Array, to: number): void {
    const { xx, xy, xz, x0, yx, yy, yz, y0 } = turn;
    const { pivotU, pivotV } = this.#head;
    const ax = this.#frame.axisX * this.#frame.pxPerMm;
    const ay = this.#frame.axisY * this.#frame.pxPerMm;
    const end = from + this.window.columns;
    for (let node = from, at = to; node < end; node += 1, at += 2) {
      let du = this.#expression[node * 2]!;
      let dv = this.#expression[node * 2 + 1]!;
      const weight = this.#weight[node]!;
      if (weight > 0) {
        const x = this.#u[node]! + du - pivotU;
        const y = this.#v[node]! + dv - pivotV;
        const z = this.#depth[node]!;
        du += weight * (xx * x + xy * y + xz * z + x0 - x);
        dv += weight * (yx * x + yy * y + yz * z + y0 - y);
      }
      out[at] = du * ax - dv * ay;
      out[at + 1] = du * ay + dv * ax;
    }
  }

  #basis({ field, layer }: LayerParts, coefficient: FieldCoefficient): Basis {
    const { columns, rows } = this.window;
    const shift: Shift = { du: 0, dv: 0 };
    const shiftAt = (column: number, row: number): Shift => {
      const node = row * columns + column;
      const at = { u: this.#u[node]!, v: this.#v[node]! };
      field.unitShift(coefficient, layer !== 'merged' ? layer : field.isLower(at.u, at.v) ? 'lower' : 'upper', at, shift);
      return shift;
    };
    const window = movedPart({ left: 0, top: 0, columns, rows }, TRIED_NODES, shiftAt);
    const shifts = new Float32Array(window.columns * window.rows * 2);
    for (let node = 0; node < window.columns * window.rows; node += 1) {
      const { du, dv } = shiftAt(window.left + (node % window.columns), window.top + Math.floor(node / window.columns));
      shifts[node * 2] = du;
      shifts[node * 2 + 1] = dv;
    }
    return trimmed({ window, shifts });
  }
}

/** Returns the part of a window that moves, a rectangle; only every `step`-th node is looked at, and what lies between them belongs to it. */
function movedPart(within: GridWindow, step: number, shiftAt: (column: number, row: number) => Readonly<Shift>): GridWindow {
  const [endColumn, endRow] = [within.left + within.columns, within.top + within.rows];
  let [left, right, top, bottom] = [endColumn, within.left, endRow, within.top];
  for (let row = within.top; row < endRow; row += step) {
    for (let column = within.left; column < endColumn; column += step) {
      const { du, dv } = shiftAt(column, row);
      if (Math.abs(du) > NEGLIGIBLE_MM || Math.abs(dv) > NEGLIGIBLE_MM) {
        left = Math.min(left, Math.max(within.left, column - step + 1));
        right = Math.max(right, Math.min(endColumn, column + step));
        top = Math.min(top, Math.max(within.top, row - step + 1));
        bottom = Math.max(bottom, Math.min(endRow, row + step));
      }
    }
  }
  return right > left ? { left, top, columns: right - left, rows: bottom - top } : { left: 0, top: 0, columns: 0, rows: 0 };
}

/** Cuts a basis down to the nodes it moves. */
function trimmed({ window: all, shifts }: Basis): Basis {
  const shift: Shift = { du: 0, dv: 0 };
  const indexOf = (column: number, row: number): number => ((row - all.top) * all.columns + column - all.left) * 2;
  const window = movedPart(all, 1, (column, row) => {
    const index = indexOf(column, row);
    shift.du = shifts[index]!;
    shift.dv = shifts[index + 1]!;
    return shift;
  });
  const cut = new Float32Array(window.columns * window.rows * 2);
  for (let row = 0; row < window.rows; row += 1) {
    const from = indexOf(window.left, window.top + row);
    cut.set(shifts.subarray(from, from + window.columns * 2), row * window.columns * 2);
  }
  return { window, shifts: cut };
}
