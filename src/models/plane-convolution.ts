import type { GraphBuilder, Value } from './graph-builder.ts';
import { type Layer, convolution, enlarge, split } from './graph-layers.ts';
import { type LazyTensor, filled, stacked } from './lazy-tensor.ts';
import { TILE, tiledConvolutions } from './tiled-convolution.ts';

/** Fewer channels than this are not worth the transforms. */
const FEWEST_TILED_CHANNELS = 8;

/** The map a convolution works on. */
export interface PlaneForm {
  /** Height and width of the map as it is stored. */
  readonly side: number;
  /** Times it is enlarged, by repeating its pixels, before it is convolved. Default 1. */
  readonly enlarged?: 1 | 2 | 4;
}

/** Returns true where a 3 × 3 layer on a map (enlarged to `side`) is computed by tiles: float32, and enough channels and whole tiles. */
export function isTiled(g: GraphBuilder, { weight }: Layer, side: number): boolean {
  return g.workingType === 'float32' && side % TILE === 0 && side >= 2 * TILE && Math.min(weight.shape[0]!, weight.shape[1]!) >= FEWEST_TILED_CHANNELS;
}

/** Adds a 3 × 3 convolution with zero padding 1, in the way that measured fastest. */
export function planeConvolution(g: GraphBuilder, x: Value, layer: Layer, form: PlaneForm): Value {
  return planeConvolutions(g, x, [layer], form)[0]!;
}

/** Adds several 3 × 3 convolutions of one map, with zero padding 1 and as many outputs each: what they share is done once. */
export function planeConvolutions(g: GraphBuilder, x: Value, layers: readonly Layer[], { side, enlarged = 1 }: PlaneForm): Value[] {
  if (layers.every((layer) => isTiled(g, layer, side * enlarged))) {
    return tiledConvolutions(g, x, layers, { side, enlarged });
  }
  const map = enlarged === 1 ? x : enlarge(g, x, enlarged);
  if (layers.length === 1) {
    return [convolution(g, map, layers[0]!, { pad: 1 })];
  }
  const joined = convolution(g, map, { weight: stacked(layers.map(({ weight }) => weight)), bias: stacked(layers.map((layer) => biasOf(layer))) }, { pad: 1 });
  return split(g, joined, layers.map(({ weight }) => weight.shape[0]!), 1);
}

function biasOf({ weight, bias }: Layer): LazyTensor {
  return bias ?? filled(weight.shape.slice(0, 1), () => undefined);
}
