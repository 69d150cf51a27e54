/** Weights of neighbours, and shares of the pasted plane, are over 2⁸. */
const WHOLE = 256;

/** How a square plane is laid into a part of another one. */
export interface PlanePlacement {
  /** Side of the square plane that is pasted. */
  readonly side: number;
  /** Width of the plane it is pasted into. */
  readonly stride: number;
  /** Columns and rows of that plane that are written. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Source position, in pixels from the left edge of the square, of the middle of the first written column, and step to the next. */
  readonly columns: AxisMap;
  readonly rows: AxisMap;
  /** Share of the pasted plane by column and row, 0..256; their product counts. */
  readonly columnShares: Uint16Array;
  readonly rowShares: Uint16Array;
}

/** Where the first pixel's middle lies in the source, and how far the next one's is. */
export interface AxisMap {
  readonly first: number;
  readonly step: number;
}

interface Taps {
  /** The first of two neighbouring source pixels. */
  readonly first: Int32Array;
  /** Offset of the second: 1, or 0 at the last pixel. */
  readonly second: Int32Array;
  /** Weight of the second, 0..255. */
  readonly weight: Int32Array;
}

/** Pastes a square plane into a plane of a picture: bilinear, feathered, in whole numbers. Everything that stays the same is worked out once. */
export class PlanePaster {
  readonly #placement: PlanePlacement;
  readonly #columns: Taps;
  readonly #rows: Taps;
  /** Columns whose share is whole, from and to. */
  readonly #wholeFrom: number;
  readonly #wholeTo: number;
  /** Two source rows, stretched to the written width, over 2⁸. */
  readonly #upper: Int32Array;
  readonly #lower: Int32Array;

  constructor(placement: PlanePlacement) {
    this.#placement = placement;
    this.#columns = tapsOf(placement.columns, placement.width, placement.side);
    this.#rows = tapsOf(placement.rows, placement.height, placement.side);
    const shares = placement.columnShares;
    const from = shares.findIndex((share) => share === WHOLE);
    this.#wholeFrom = from < 0 ? placement.width : from;
    this.#wholeTo = shares.findLastIndex((share) => share === WHOLE) + 1;
    this.#upper = new Int32Array(placement.width);
    this.#lower = new Int32Array(placement.width);
  }

  /** Writes the square plane, blended over `base`, into `target`; both begin with their plane, as wide as the placement says. */
  paste(source: Uint8Array, base: Uint8Array, target: Uint8Array): void {
    const { stride, left, top, width, height, rowShares } = this.#placement;
    let [upper, lower] = [this.#upper, this.#lower];
    let [upperRow, lowerRow] = [-1, -1];
    for (let row = 0; row < height; row += 1) {
      const first = this.#rows.first[row]!;
      const second = first + this.#rows.second[row]!;
      if (first === lowerRow) {
        [upper, lower] = [lower, upper];
        [upperRow, lowerRow] = [lowerRow, upperRow];
      }
      if (first !== upperRow) {
        this.#stretch(source, first, upper);
        upperRow = first;
      }
      if (second !== lowerRow) {
        this.#stretch(source, second, lower);
        lowerRow = second;
      }
      const weight = this.#rows.weight[row]!;
      const at = (top + row) * stride + left;
      const share = rowShares[row]!;
      const [from, to] = share === WHOLE ? [this.#wholeFrom, Math.max(this.#wholeFrom, this.#wholeTo)] : [width, width];
      this.#blend({ upper, lower, weight, share, base, target, at }, 0, from);
      copyRow({ upper, lower, weight, target, at }, from, to);
      this.#blend({ upper, lower, weight, share, base, target, at }, to, width);
    }
  }

  /** Stretches one source row to the written width. */
  #stretch(source: Uint8Array, row: number, to: Int32Array): void {
    const { first, second, weight } = this.#columns;
    const start = row * this.#placement.side;
    for (let column = 0; column < to.length; column += 1) {
      const at = start + first[column]!;
      const value = source[at]!;
      to[column] = value * WHOLE + (source[at + second[column]!]! - value) * weight[column]!;
    }
  }

  #blend({ upper, lower, weight, share, base, target, at }: MixedRow & { share: number; base: Uint8Array }, from: number, to: number): void {
    const shares = this.#placement.columnShares;
    for (let column = from; column < to; column += 1) {
      const value = (upper[column]! * WHOLE + (lower[column]! - upper[column]!) * weight + 32_768) >> 16;
      const below = base[at + column]!;
      target[at + column] = below + (((value - below) * shares[column]! * share + 32_768) >> 16);
    }
  }
}

interface MixedRow {
  readonly upper: Int32Array;
  readonly lower: Int32Array;
  readonly weight: number;
  readonly target: Uint8Array;
  readonly at: number;
}

function copyRow({ upper, lower, weight, target, at }: MixedRow, from: number, to: number): void {
  for (let column = from; column < to; column += 1) {
    target[at + column] = (upper[column]! * WHOLE + (lower[column]! - upper[column]!) * weight + 32_768) >> 16;
  }
}

/** Source pixels and weights of each written pixel; centres of pixels on centres, the edge repeated, as OpenCV's INTER_LINEAR. */
function tapsOf({ first, step }: AxisMap, count: number, side: number): Taps {
  const taps: Taps = { first: new Int32Array(count), second: new Int32Array(count), weight: new Int32Array(count) };
  for (let index = 0; index < count; index += 1) {
    const position = Math.max(0, Math.min(side - 1, first + index * step - 0.5));
    const fixed = Math.min((side - 1) * WHOLE, Math.round(position * WHOLE));
    taps.first[index] = fixed >> 8;
    taps.second[index] = (fixed >> 8) < side - 1 ? 1 : 0;
    taps.weight[index] = fixed & 255;
  }
  return taps;
}
