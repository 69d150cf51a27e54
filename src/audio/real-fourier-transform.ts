/** Splits a number into the factors 4, 2, 3, 5, … in the order the passes use them. */
function factorise(size: number): number[] {
  const factors: number[] = [];
  let rest = size;
  for (let factor = 4; rest > 1; factor = factor === 4 ? 2 : factor === 2 ? 3 : factor + 2) {
    while (rest % factor === 0) {
      factors.push(factor);
      rest /= factor;
    }
  }
  return factors;
}

/**
 * Fourier transform of a real signal whose length is even but need not be a power of two, in double precision.
 * The even and odd samples form one complex signal of half the length, transformed by a mixed-radix Stockham
 * scheme (self-sorting, O(n · Σ factors)) and untangled afterwards. All buffers are made in the constructor.
 */
export class RealFourierTransform {
  /** Samples per transform. */
  readonly size: number;
  /** Complex bins of the result: `size / 2 + 1`. */
  readonly bins: number;
  readonly #half: number;
  readonly #factors: readonly number[];
  /** Roots of unity of the half length: cos and −sin. */
  readonly #rootRe: Float64Array;
  readonly #rootIm: Float64Array;
  /** Roots of unity of the full length, for untangling. */
  readonly #turnRe: Float64Array;
  readonly #turnIm: Float64Array;
  #re: Float64Array;
  #im: Float64Array;
  #nextRe: Float64Array;
  #nextIm: Float64Array;
  /** Index of the root that turns the output being combined. */
  #twiddle = 0;

  constructor(size: number) {
    if (!Number.isInteger(size) || size < 2 || size % 2 !== 0) {
      throw new TypeError(`The length of a real Fourier transform is an even whole number from 2 on, not ${size}.`);
    }
    const half = size / 2;
    this.size = size;
    this.bins = half + 1;
    this.#half = half;
    this.#factors = factorise(half);
    this.#rootRe = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / half));
    this.#rootIm = Float64Array.from({ length: half }, (_, k) => -Math.sin((2 * Math.PI * k) / half));
    this.#turnRe = Float64Array.from({ length: half + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#turnIm = Float64Array.from({ length: half + 1 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
    this.#re = new Float64Array(half);
    this.#im = new Float64Array(half);
    this.#nextRe = new Float64Array(half);
    this.#nextIm = new Float64Array(half);
  }

  /** Writes |X[k]| for k = 0..size/2 of `signal` (`size` values) into `magnitudes` (`bins` values). */
  magnitudes(signal: Float64Array, magnitudes: Float64Array): void {
    for (let k = 0; k < this.#half; k++) {
      this.#re[k] = signal[2 * k]!;
      this.#im[k] = signal[2 * k + 1]!;
    }
    let stride = 1;
    for (const radix of this.#factors) {
      this.#pass(radix, stride);
      stride *= radix;
    }
    this.#untangle(magnitudes);
  }

  /**
   * One decimation-in-frequency pass: `radix`-point transforms over data `step` apart, each output turned by its twiddle factor
   * and stored where the next pass wants it, `stride` neighbours at a time.
   */
  #pass(radix: number, stride: number): void {
    const step = this.#half / radix;
    const blocks = step / stride;
    for (let block = 0; block < blocks; block++) {
      for (let output = 0; output < radix; output++) {
        this.#twiddle = block * output * stride;
        this.#combine(radix, output, stride * block, stride);
      }
    }
    [this.#re, this.#nextRe] = [this.#nextRe, this.#re];
    [this.#im, this.#nextIm] = [this.#nextIm, this.#im];
  }

  /** Output number `output` of the transforms whose first inputs are `from` .. `from + stride`. */
  #combine(radix: number, output: number, from: number, stride: number): void {
    const rootRe = this.#rootRe;
    const rootIm = this.#rootIm;
    const re = this.#re;
    const im = this.#im;
    const step = this.#half / radix;
    const to = from * radix + output * stride;
    const turnRe = rootRe[this.#twiddle]!;
    const turnIm = rootIm[this.#twiddle]!;
    for (let lane = 0; lane < stride; lane++) {
      let sumRe = 0;
      let sumIm = 0;
      let root = 0;
      for (let at = from + lane; at < this.#half; at += step) {
        const x = re[at]!;
        const y = im[at]!;
        sumRe += x * rootRe[root]! - y * rootIm[root]!;
        sumIm += x * rootIm[root]! + y * rootRe[root]!;
        root += output * step;
        root -= root >= this.#half ? this.#half : 0;
      }
      this.#nextRe[to + lane] = sumRe * turnRe - sumIm * turnIm;
      this.#nextIm[to + lane] = sumRe * turnIm + sumIm * turnRe;
    }
  }

  /** X[k] = E[k] + e^(−2πik/size) · O[k], with E and O the transforms of the even and the odd samples. */
  #untangle(magnitudes: Float64Array): void {
    const half = this.#half;
    for (let k = 0; k <= half; k++) {
      const a = k % half;
      const b = (half - k) % half;
      const evenRe = (this.#re[a]! + this.#re[b]!) / 2;
      const evenIm = (this.#im[a]! - this.#im[b]!) / 2;
      const oddRe = (this.#im[a]! + this.#im[b]!) / 2;
      const oddIm = (this.#re[b]! - this.#re[a]!) / 2;
      const x = evenRe + this.#turnRe[k]! * oddRe - this.#turnIm[k]! * oddIm;
      const y = evenIm + this.#turnRe[k]! * oddIm + this.#turnIm[k]! * oddRe;
      magnitudes[k] = Math.sqrt(x * x + y * y);
    }
  }
}
