import { boxMean } from './box-filter.ts';
import type { PlaneSize } from './box-filter.ts';

/** Red, green and blue planes of a picture, 0..1. */
export type ColourPlanes = readonly [Float32Array, Float32Array, Float32Array];

/** A value as a linear function of the colour at every pixel: slope · colour + offset. */
export interface ColourModel {
  readonly slope: ColourPlanes;
  readonly offset: Float32Array;
}

/**
 * Explains a plane by the colours of a picture: the local linear model of the guided filter with a colour guide
 * (He, Sun, Tang, "Guided Image Filtering", 2013, equations 19 to 21), averaged over all windows a pixel lies in.
 * @param guide Colours, 0..1.
 * @param plane What is to be explained, as large as the guide.
 * @param window Radius in pixels, and epsilon: the variance below which a colour edge counts as none.
 */
export function fitColourModel(
  guide: ColourPlanes, plane: Float32Array, size: PlaneSize, window: { radius: number; epsilon: number },
): ColourModel {
  const mean = (values: Float32Array): Float32Array => boxMean(values, size, window.radius);
  const [red, green, blue] = guide;
  const means = { red: mean(red), green: mean(green), blue: mean(blue), plane: mean(plane) };
  const covariance = (a: Float32Array, b: Float32Array, meanA: Float32Array, meanB: Float32Array): Float32Array =>
    subtractProduct(mean(multiply(a, b)), meanA, meanB);
  const fit = solve({
    rr: covariance(red, red, means.red, means.red), rg: covariance(red, green, means.red, means.green),
    rb: covariance(red, blue, means.red, means.blue), gg: covariance(green, green, means.green, means.green),
    gb: covariance(green, blue, means.green, means.blue), bb: covariance(blue, blue, means.blue, means.blue),
    r: covariance(red, plane, means.red, means.plane), g: covariance(green, plane, means.green, means.plane),
    b: covariance(blue, plane, means.blue, means.plane),
  }, window.epsilon);
  const offset = means.plane;
  for (let index = 0; index < offset.length; index++) {
    offset[index]! -= fit.red[index]! * means.red[index]! + fit.green[index]! * means.green[index]! + fit.blue[index]! * means.blue[index]!;
  }
  return { slope: [mean(fit.red), mean(fit.green), mean(fit.blue)], offset: mean(offset) };
}

/** The upper half of the symmetric colour covariance per pixel, and the covariance of each colour with the plane. */
type Covariances = Readonly<Record<'rr' | 'rg' | 'rb' | 'gg' | 'gb' | 'bb' | 'r' | 'g' | 'b', Float32Array>>;

/** Solves (Σ + ε I) slope = covariance for every pixel, by Cramer's rule. */
function solve(c: Covariances, epsilon: number): Record<'red' | 'green' | 'blue', Float32Array> {
  const { length } = c.r;
  const slope = { red: new Float32Array(length), green: new Float32Array(length), blue: new Float32Array(length) };
  for (let i = 0; i < length; i++) {
    const rr = c.rr[i]! + epsilon;
    const gg = c.gg[i]! + epsilon;
    const bb = c.bb[i]! + epsilon;
    const rg = c.rg[i]!;
    const rb = c.rb[i]!;
    const gb = c.gb[i]!;
    const cofactorR = gg * bb - gb * gb;
    const cofactorG = gb * rb - rg * bb;
    const cofactorB = rg * gb - gg * rb;
    const scale = 1 / (rr * cofactorR + rg * cofactorG + rb * cofactorB);
    const r = c.r[i]!;
    const g = c.g[i]!;
    const b = c.b[i]!;
    slope.red[i] = scale * (cofactorR * r + cofactorG * g + cofactorB * b);
    slope.green[i] = scale * (cofactorG * r + (rr * bb - rb * rb) * g + (rg * rb - rr * gb) * b);
    slope.blue[i] = scale * (cofactorB * r + (rg * rb - rr * gb) * g + (rr * gg - rg * rg) * b);
  }
  return slope;
}

function multiply(a: Float32Array, b: Float32Array): Float32Array {
  const product = new Float32Array(a.length);
  for (let index = 0; index < product.length; index++) {
    product[index] = a[index]! * b[index]!;
  }
  return product;
}

function subtractProduct(from: Float32Array, a: Float32Array, b: Float32Array): Float32Array {
  for (let index = 0; index < from.length; index++) {
    from[index]! -= a[index]! * b[index]!;
  }
  return from;
}
