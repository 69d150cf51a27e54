import type { FacePoint } from './face-frame.ts';

/** Distance of a curve's samples, in millimetres. */
const STEP_MM = 0.25;

/** A height v over u, sampled evenly and constant beyond its ends; all in millimetres of the face frame. */
export interface Curve {
  readonly startMm: number;
  readonly samplesPerMm: number;
  readonly values: Float32Array;
}

/** Samples the polyline through the points, sorted by u. */
export function curveThrough(points: readonly FacePoint[]): Curve {
  const sorted = [...points].sort((a, b) => a.u - b.u);
  const start = sorted[0]!.u;
  const count = Math.max(2, Math.ceil((sorted[sorted.length - 1]!.u - start) / STEP_MM) + 1);
  const values = new Float32Array(count);
  let segment = 0;
  for (let index = 0; index < count; index += 1) {
    const u = start + index * STEP_MM;
    while (segment < sorted.length - 2 && u > sorted[segment + 1]!.u) {
      segment += 1;
    }
    const a = sorted[segment]!;
    const b = sorted[segment + 1] ?? a;
    const share = b.u > a.u ? Math.min(1, (u - a.u) / (b.u - a.u)) : 0;
    values[index] = a.v + (b.v - a.v) * share;
  }
  return sampledCurve(start, values);
}

/** All curves are made here: objects of one shape keep the loops over pixels free of allocations. */
function sampledCurve(startMm: number, values: Float32Array): Curve {
  return { startMm, samplesPerMm: 1 / STEP_MM, values };
}

/** Returns a curve of the same samples, each passed through the function with its u. */
export function mapCurve(curve: Curve, map: (v: number, u: number) => number): Curve {
  return sampledCurve(curve.startMm, curve.values.map((v, index) => map(v, curve.startMm + index / curve.samplesPerMm)));
}

/** Returns the curve's height at u. */
export function heightAt(curve: Curve, u: number): number {
  const { values } = curve;
  const at = (u - curve.startMm) * curve.samplesPerMm;
  const last = values.length - 1;
  if (at <= 0) {
    return values[0]!;
  }
  if (at >= last) {
    return values[last]!;
  }
  const index = Math.floor(at);
  const a = values[index]!;
  return a + (values[index + 1]! - a) * (at - index);
}

/** Writes into the third element how far the place of the first two (u, v) lies below the curve, in millimetres. It allocates nothing. */
export function dropPlumb(curve: Curve, line: Float64Array): void {
  const { values } = curve;
  const last = values.length - 1;
  const position = Math.min(last, Math.max(0, (line[0]! - curve.startMm) * curve.samplesPerMm));
  const index = Math.min(last - 1, Math.floor(position));
  const a = values[index]!;
  line[2] = line[1]! - a - (values[index + 1]! - a) * (position - index);
}

/** Returns a smoothed curve: a Gaussian over u, ends held. */
export function smoothCurve(curve: Curve, sigmaMm: number): Curve {
  const { values } = curve;
  const sigma = sigmaMm * curve.samplesPerMm;
  const reach = Math.ceil(sigma * 3);
  const smooth = values.map((_, index) => {
    let sum = 0;
    let weight = 0;
    for (let offset = -reach; offset <= reach; offset += 1) {
      const w = Math.exp(-((offset / sigma) ** 2) / 2);
      sum += w * values[Math.min(values.length - 1, Math.max(0, index + offset))]!;
      weight += w;
    }
    return sum / weight;
  });
  return sampledCurve(curve.startMm, smooth);
}

/** Returns a curve whose samples are the medians of those within a reach to either side: what strays for less than that is gone. */
export function medianCurve(curve: Curve, reachMm: number): Curve {
  const { values } = curve;
  const reach = Math.round(reachMm * curve.samplesPerMm);
  return sampledCurve(curve.startMm, values.map((_, index) => {
    const near = values.slice(Math.max(0, index - reach), index + reach + 1).sort();
    return near[near.length >> 1]!;
  }));
}
