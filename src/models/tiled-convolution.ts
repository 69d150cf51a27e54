import type { GraphBuilder, Value } from './graph-builder.ts';
import { type Layer, add, concat, matrixProduct, reshape, slice, transpose } from './graph-layers.ts';
import { type LazyTensor, elementCount, filled, permuted, reshaped } from './lazy-tensor.ts';
import { minimalFilter } from './minimal-filter.ts';
import { type Matrix, constantMatrix, kroneckerSquare, multiplyMatrices, nonZeroRows } from './small-matrix.ts';

/** Side of an output tile. */
export const TILE = 4;

/** F(4, 3) along each axis: four outputs of three taps from six products (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015). */
const FILTER = minimalFilter([0, 1, -1, 2, -2], TILE);

/** What a tiled convolution works on. */
export interface TiledForm {
  /** Height and width of the map as it is stored. */
  readonly side: number;
  /** Times the map is enlarged, by repeating its pixels, before it is convolved: 1, 2 or 4. Nothing is made larger for it. */
  readonly enlarged: 1 | 2 | 4;
  /**
   * Banks × kernel depth: the weights are Cout × Cin × kernel depth × 3 × 3, and each row of this makes plane weights of them. The map
   * has a bank of Cin channels for each row, and gives a bank of Cout channels.
   */
  readonly depthTaps?: Matrix;
}

/** Most tiles worked on at once: a larger map is done in bands, so that memory is bounded. */
const BAND_TILES = 4096;

/**
 * Adds 3 × 3 convolutions of one map, with zero padding 1, by tiles of 4 × 4 outputs: a quarter of the multiplications, and for a
 * map enlarged by two or four a sixth or a sixteenth, because products of equal pixels cancel. For float32 only: the transforms are
 * too much for halves.
 */
export function tiledConvolutions(g: GraphBuilder, x: Value, layers: readonly Layer[], form: TiledForm): Value[] {
  const { side, enlarged, depthTaps } = form;
  const plan = tilePlan(enlarged);
  const tilesAcross = (side * enlarged) / TILE;
  const weights = layers.map(({ weight }) => transformedWeight(g, weight, { taps: plan.taps, depthTaps }));
  const rows = Math.min(tilesAcross, Math.ceil(BAND_TILES / tilesAcross));
  const bands = Array.from({ length: Math.ceil(tilesAcross / rows) }, (_, i): Band => ({ from: i * rows, to: Math.min(tilesAcross, (i + 1) * rows), tilesAcross }));
  const made = bands.map((band) => {
    const columns = bandColumns(g, x, { ...form, plan, band, channels: layers[0]!.weight.shape[1]! });
    return layers.map((layer, i) => tiledOutput(g, [weights[i]!, columns], layer, { plan, band, banks: depthTaps?.length ?? 1 }));
  });
  return layers.map((_, i) => (made.length === 1 ? made[0]![i]! : concat(g, made.map((band) => band[i]!), 2)));
}

/** Rows of tiles `from` to `to − 1` of a map. */
interface Band {
  readonly from: number;
  readonly to: number;
  readonly tilesAcross: number;
}

/** Adds a band's transformed tiles as the columns of one matrix for each product: (banks · products) × channels × (N · tiles). */
function bandColumns(g: GraphBuilder, x: Value, { enlarged, depthTaps, plan, band, channels }: TiledForm & { plan: TilePlan; band: Band; channels: number }): Value {
  const step = TILE / enlarged;
  const [top, bottom] = [band.from === 0 ? 1 : 0, band.to === band.tilesAcross ? 1 : 0];
  const whole = top + bottom === 2;
  const rows = whole ? x : slice(g, x, [band.from * step - 1 + top, band.to * step + 1 - bottom], 2);
  const banks = depthTaps?.length ?? 1;
  const all = banks * channels;
  const spread = g.node('Conv', [rows, g.shared(`tile inputs ${enlarged} × ${all}`, () => repeated(plan.input, all, plan.reach))], {
    kernel_shape: [plan.reach, plan.reach], strides: [step, step], pads: [top, 1, bottom, 1], dilations: [1, 1], group: all,
  });
  const tiles = (band.to - band.from) * band.tilesAcross;
  const perProduct = transpose(g, reshape(g, spread, [-1, banks, channels, plan.products, tiles]), [1, 3, 2, 0, 4]);
  return reshape(g, perProduct, [banks * plan.products, channels, -1]);
}

/** Adds the products of one layer with a band's tiles, and turns them into its rows of the output map. */
function tiledOutput(g: GraphBuilder, [weight, columns]: readonly [Value, Value], layer: Layer, { plan, band, banks }: { plan: TilePlan; band: Band; banks: number }): Value {
  const { output } = plan;
  const along = output[0]!.length;
  const outputs = layer.weight.shape[0]!;
  const tileRows = band.to - band.from;
  const inHeight = g.shared(`tile rows ${along}`, () => constantMatrix(output));
  const inWidth = g.shared(`tile columns ${along}`, () => constantMatrix(transposed(output)));
  // Banks × TILE × (along · outputs · N · tiles): one axis of the products is gone, the other is next to it.
  const rows = matrixProduct(g, inHeight, reshape(g, matrixProduct(g, weight, columns), [banks, along, -1]));
  const pixels = matrixProduct(g, transpose(g, reshape(g, rows, [banks * TILE, along, -1]), [0, 2, 1]), inWidth);
  const inOrder = transpose(g, reshape(g, pixels, [banks, TILE, outputs, -1, tileRows, band.tilesAcross * TILE]), [3, 0, 2, 4, 1, 5]);
  const map = reshape(g, inOrder, [-1, banks * outputs, tileRows * TILE, band.tilesAcross * TILE]);
  return layer.bias === undefined ? map : add(g, map, g.constant(reshaped(layer.bias, [outputs, 1, 1])));
}

/** Matrices of one tile over both axes. */
interface TilePlan {
  readonly products: number;
  /** Side of the patch of the stored map that a tile looks at. */
  readonly reach: number;
  /** products × reach². */
  readonly input: Matrix;
  /** products × 9. */
  readonly taps: Matrix;
  /** 4 × products along one axis. */
  readonly output: Matrix;
}

function tilePlan(enlarged: 1 | 2 | 4): TilePlan {
  // Pixel −1 … 4 of the enlarged map, as pixels of the stored one.
  const reach = TILE / enlarged + 2;
  const repeat: Matrix = Array.from({ length: TILE + 2 }, (_row, pixel) =>
    Array.from({ length: reach }, (_column, stored) => (Math.floor((pixel - 1) / enlarged) + 1 === stored ? 1 : 0)));
  const input = multiplyMatrices(FILTER.inputs, repeat);
  const kept = nonZeroRows(input);
  return {
    products: kept.length ** 2,
    reach,
    input: kroneckerSquare(kept.map((row) => input[row]!)),
    taps: kroneckerSquare(kept.map((row) => FILTER.taps[row]!)),
    output: FILTER.outputs.map((row) => kept.map((column) => row[column]!)),
  };
}

/** Adds taps · weight, (banks · products) × Cout × Cin. It is worked out when the graph is loaded, so that files stay small. */
function transformedWeight(g: GraphBuilder, weight: LazyTensor, { taps, depthTaps }: { taps: Matrix; depthTaps: Matrix | undefined }): Value {
  const [outputs, channels] = weight.shape as [number, number];
  const flat = depthTaps === undefined
    ? g.constant(reshaped(permuted(weight, [2, 3, 0, 1]), [9, outputs * channels]))
    : depthWeights(g, permuted(weight, [2, 3, 4, 0, 1]), depthTaps, [depthTaps.length, 9, outputs * channels]);
  const transform = g.shared(`tile taps ${taps.length}`, () => constantMatrix(taps));
  return reshape(g, matrixProduct(g, transform, flat), [-1, outputs, channels]);
}

/** Adds depthTaps · weight, whose first axis is the kernel's depth, in the given shape. */
export function depthWeights(g: GraphBuilder, weight: LazyTensor, depthTaps: Matrix, shape: readonly number[]): Value {
  const kernelDepth = weight.shape[0]!;
  const flat = g.constant(reshaped(weight, [kernelDepth, elementCount(weight.shape) / kernelDepth]));
  return reshape(g, matrixProduct(g, g.shared(`depth taps ${depthTaps.length}`, () => constantMatrix(depthTaps)), flat), shape);
}

/** Returns one small filter bank for each of many channels: (channels · rows) × 1 × side × side. */
function repeated(matrix: Matrix, channels: number, side: number): LazyTensor {
  const values = matrix.flat();
  return filled([channels * matrix.length, 1, side, side], (all) => {
    for (let channel = 0; channel < channels; channel++) {
      all.set(values, channel * values.length);
    }
  });
}

function transposed(matrix: Matrix): Matrix {
  return matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
}
