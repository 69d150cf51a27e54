import type { GraphBuilder, Value } from './graph-builder.ts';
import { type Layer, convolution, enlarge } from './graph-layers.ts';

/** Adds a 3 × 3 convolution with zero padding 1 of a map enlarged `factor` times by repeating its pixels. */
export function enlargedConvolution(g: GraphBuilder, x: Value, layer: Layer, factor: number): Value {
  return convolution(g, factor === 1 ? x : enlarge(g, x, factor), layer, { pad: 1 });
}
