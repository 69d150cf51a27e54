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
  /** Weight of the second, 0..256. */
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
    this.#wholeTo = Math.max(this.#wholeFrom, shares.findLastIndex((share) => share === WHOLE) + 1);
    this.#upper = new Int32Array(placement.width);
    this.#lower = new Int32Array(placement.width);
  }

  /** Writes the square plane, blended over `base`, into `target`; both begin with their plane, as wide as the placement says. */
  paste(source: Uint8Array, base: Uint8Array, target: Uint8Array): void {
    const { stride, left, top, width, height, rowShares } = this.#placement;
    const { first, weight } = this.#rows;
    let [upper, lower] = [this.#upper, this.#lower];
    let upperRow = -2;
    for (let row = 0; row < height; row += 1) {
      const wanted = first[row]!;
      if (wanted === upperRow + 1) {
        [upper, lower] = [lower, upper];
        this.#stretch(source, wanted + 1, lower);
      } else if (wanted !== upperRow) {
        this.#stretch(source, wanted, upper);
        this.#stretch(source, wanted + 1, lower);
      }
      upperRow = wanted;
      const at = (top + row) * stride + left;
      mix({ upper, lower, weight: weight[row]! }, target, at);
      const share = rowShares[row]!;
      if (share === WHOLE) {
        this.#feather(base, target, at, { share, from: 0, to: this.#wholeFrom });
        this.#feather(base, target, at, { share, from: this.#wholeTo, to: width });
      } else {
        this.#feather(base, target, at, { share, from: 0, to: width });
      }
    }
  }

  /** Stretches one source row to the written width. */
  #stretch(source: Uint8Array, row: number, to: Int32Array): void {
    const { first, weight } = this.#columns;
    const start = row * this.#placement.side;
    for (let column = 0; column < to.length; column += 1) {
      const at = start + first[column]!;
      const value = source[at]!;
      to[column] = (value << 8) + Math.imul(source[at + 1]! - value, weight[column]!);
    }
  }

  /** Blends some columns of a written row over the base. */
  #feather(base: Uint8Array, target: Uint8Array, at: number, { share, from, to }: { share: number; from: number; to: number }): void {
    const shares = this.#placement.columnShares;
    for (let column = from; column < to; column += 1) {
      const below = base[at + column]!;
      target[at + column] = below + ((Math.imul(target[at + column]! - below, Math.imul(shares[column]!, share)) + 32_768) >> 16);
    }
  }
}

/** Writes the row between two stretched ones. */
function mix({ upper, lower, weight }: { upper: Int32Array; lower: Int32Array; weight: number }, target: Uint8Array, at: number): void {
  for (let column = 0; column < upper.length; column += 1) {
    const value = upper[column]!;
    target[at + column] = ((value << 8) + Math.imul(lower[column]! - value, weight) + 32_768) >> 16;
  }
}

/** Source pixels and weights of each written pixel; centres of pixels on centres, the edge repeated, as OpenCV's INTER_LINEAR. */
function tapsOf({ first, step }: AxisMap, count: number, side: number): Taps {
  const taps: Taps = { first: new Int32Array(count), weight: new Int32Array(count) };
  for (let index = 0; index < count; index += 1) {
    const fixed = Math.round(Math.max(0, Math.min(side - 1, first + index * step - 0.5)) * WHOLE);
    taps.first[index] = Math.min(side - 2, fixed >> 8);
    taps.weight[index] = fixed - taps.first[index]! * WHOLE;
  }
  return taps;
}
