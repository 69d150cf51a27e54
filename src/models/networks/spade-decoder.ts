import type { GraphBuilder, Value } from '../graph-builder.ts';
import { type Layer, add, convolution, enlarge, leakyRelu, multiply, relu, sigmoid, single, working } from '../graph-layers.ts';
import { NORM_EPSILON, followed, plus, spectralLayer } from '../layer-folding.ts';
import { known } from '../lazy-tensor.ts';
import type { NetworkWidths } from '../network-widths.ts';
import { planeConvolution, planeConvolutions } from '../plane-convolution.ts';
import type { WeightScope } from '../weight-scope.ts';

const SLOPE = 0.2;
const MIDDLE_BLOCKS = 6;

/** One SPADE block: what it takes and gives, and how much larger than the segmentation map it works. */
interface BlockForm {
  readonly inputs: number;
  readonly outputs: number;
  /** The block's map is so many times the segmentation's. */
  readonly scale: 2 | 4;
}

/** Widths inside every block. */
interface Modulation {
  readonly segmentation: number;
  readonly hidden: number;
  /** Height and width of the segmentation map. */
  readonly side: number;
}

/** One modulation: channels it modulates, channels inside, and the side of its map. */
interface ModulationForm {
  readonly channels: number;
  readonly hidden: number;
  readonly side: number;
}

/**
 * Adds the SPADE decoder: N × input × s × s → RGB N × 3 × 4s × 4s in 0..1.
 * The modulations of blocks at one size look at one map, so their first convolutions are one; γ and β are one; an instance norm
 * of an enlarged map is the enlarged instance norm; and what is added to a whole channel is lost in the next instance norm, which
 * is all that looks at the maps between the blocks and inside them: those biases are left out.
 */
export function spadeDecoder(g: GraphBuilder, scope: WeightScope, { widths, side }: { widths: NetworkWidths; side: number }, segmentation: Value): Value {
  const { input, output, hidden } = widths.decoder;
  const modulation = { segmentation: input, hidden, side };
  const wide = 2 * input;
  let x = planeConvolution(g, segmentation, withoutBias(scope.layer('fc', [wide, input, 3, 3])), { side });
  const middle = Array.from({ length: MIDDLE_BLOCKS }, (_, i) => scope.at(`G_middle_${i}`));
  const shared = sharedMaps(g, middle.flatMap((block) => [block.at('norm_0'), block.at('norm_1')]), { ...modulation, scale: 1 }, segmentation);
  for (const [i, block] of middle.entries()) {
    x = plainBlock(g, block, { channels: wide, hidden, side }, { x, maps: [shared[2 * i]!, shared[2 * i + 1]!] });
  }
  x = risingBlock(g, scope.at('up_0'), { inputs: wide, outputs: input, scale: 2 }, { x, segmentation, modulation });
  x = risingBlock(g, scope.at('up_1'), { inputs: input, outputs: output, scale: 4 }, { x, segmentation, modulation });
  return sigmoid(g, convolution(g, leakyRelu(g, x, SLOPE), scope.layer('conv_img', [3, output, 3, 3]), { pad: 1 }));
}

/** Adds relu(mlp_shared(segmentation enlarged)) of several modulations at once; returns one map for each. */
function sharedMaps(g: GraphBuilder, norms: readonly WeightScope[], form: Modulation & { scale: 1 | 2 | 4 }, segmentation: Value): Value[] {
  const layers = norms.map((norm) => norm.layer('mlp_shared.0', [form.hidden, form.segmentation, 3, 3]));
  return planeConvolutions(g, segmentation, layers, { side: form.side, enlarged: form.scale }).map((map) => relu(g, map));
}

/** Adds x + conv_1(act(SPADE_1(conv_0(act(SPADE_0(x)))))). */
function plainBlock(g: GraphBuilder, block: WeightScope, form: ModulationForm, { x, maps }: { x: Value; maps: readonly [Value, Value] }): Value {
  const { channels, side } = form;
  const kernel = { shape: [channels, channels, 3, 3], bias: true };
  const first = leakyRelu(g, modulate(g, block.at('norm_0'), form, { normalised: instanceNorm(g, x, channels), map: maps[0] }), SLOPE);
  const inner = planeConvolution(g, first, withoutBias(spectralLayer(block, 'conv_0', kernel)), { side });
  const second = leakyRelu(g, modulate(g, block.at('norm_1'), form, { normalised: instanceNorm(g, inner, channels), map: maps[1] }), SLOPE);
  return add(g, x, planeConvolution(g, second, withoutBias(spectralLayer(block, 'conv_1', kernel)), { side }));
}

/**
 * Adds a block on the map enlarged to twice its size, with a convolved shortcut. Nothing bends between the shortcut's β and its
 * convolution, so those two are one of fewer outputs.
 */
function risingBlock(g: GraphBuilder, block: WeightScope, form: BlockForm, { x, segmentation, modulation }: { x: Value; segmentation: Value; modulation: Modulation }): Value {
  const { inputs, outputs, scale } = form;
  const { hidden } = modulation;
  const side = modulation.side * scale;
  const norms = [block.at('norm_0'), block.at('norm_1'), block.at('norm_s')] as const;
  const maps = sharedMaps(g, norms, { ...modulation, scale }, segmentation);
  const normalised = enlarge(g, instanceNorm(g, x, inputs), 2);
  const first = leakyRelu(g, modulate(g, norms[0], { channels: inputs, hidden, side }, { normalised, map: maps[0]! }), SLOPE);
  const inner = planeConvolution(g, first, withoutBias(spectralLayer(block, 'conv_0', { shape: [outputs, inputs, 3, 3], bias: true })), { side });
  const second = leakyRelu(g, modulate(g, norms[1], { channels: outputs, hidden, side }, { normalised: instanceNorm(g, inner, outputs), map: maps[1]! }), SLOPE);
  const narrow = spectralLayer(block, 'conv_s', { shape: [outputs, inputs, 1, 1], bias: false });
  const { gamma, beta } = modulationLayers(norms[2], { channels: inputs, hidden });
  const [factor, offset] = planeConvolutions(g, maps[2]!, [gamma, followed(beta, narrow)], { side }) as [Value, Value];
  const shortcut = add(g, convolution(g, multiply(g, normalised, factor), narrow), offset);
  return add(g, shortcut, planeConvolution(g, second, spectralLayer(block, 'conv_1', { shape: [outputs, outputs, 3, 3], bias: true }), { side }));
}

/** Adds normalised · (1 + γ(map)) + β(map). */
function modulate(g: GraphBuilder, norm: WeightScope, { channels, hidden, side }: ModulationForm, { normalised, map }: { normalised: Value; map: Value }): Value {
  const { gamma, beta } = modulationLayers(norm, { channels, hidden });
  const [factor, offset] = planeConvolutions(g, map, [gamma, beta], { side }) as [Value, Value];
  return add(g, multiply(g, normalised, factor), offset);
}

/** Returns the convolutions that give 1 + γ and β. */
function modulationLayers(norm: WeightScope, { channels, hidden }: { channels: number; hidden: number }): { gamma: Layer; beta: Layer } {
  const gamma = norm.layer('mlp_gamma', [channels, hidden, 3, 3]);
  return { gamma: { ...gamma, bias: gamma.bias && plus(gamma.bias, 1) }, beta: norm.layer('mlp_beta', [channels, hidden, 3, 3]) };
}

function withoutBias({ weight }: Layer): Layer {
  return { weight };
}

/** Adds (x − mean) / sqrt(variance + 1e-5) per sample and channel, in float32: the variance of a large map is too much for halves. */
function instanceNorm(g: GraphBuilder, x: Value, channels: number): Value {
  const ones = g.constant(known([channels], Array.from({ length: channels }, () => 1)), 'float32');
  const zeros = g.constant(known([channels], Array.from({ length: channels }, () => 0)), 'float32');
  return working(g, g.node('InstanceNormalization', [single(g, x), ones, zeros], { epsilon: { float: NORM_EPSILON } }));
}
