import type { GraphBuilder, Value } from '../graph-builder.ts';
import { add, averagePool, convolution, relu, reshape } from '../graph-layers.ts';
import { foldNorm, normalise } from '../layer-folding.ts';
import { type NetworkWidths, channelsAt } from '../network-widths.ts';
import { planeConvolution } from '../plane-convolution.ts';
import { type SliceShape, depthFirst, volumeConvolution } from '../volume-layers.ts';
import type { WeightScope } from '../weight-scope.ts';

/** Times the appearance net halves the image. */
export const APPEARANCE_HALVINGS = 2;

/** Adds the appearance net: 1 × 3 × size × size RGB in 0..1 → the feature volume as slices, depth × channels × size/4 × size/4. */
export function appearanceNet(g: GraphBuilder, scope: WeightScope, { widths, size }: { widths: NetworkWidths; size: number }, image: Value): Value {
  const { appearance, depth } = widths;
  let channels = appearance.block;
  let x = relu(g, convolution(g, image, foldNorm(scope.layer('first.conv', [channels, 3, 3, 3]), scope.norm('first.norm', channels)), { pad: 1 }));
  for (let level = 0; level < APPEARANCE_HALVINGS; level++) {
    const block = scope.at(`down_blocks.${level}`);
    const wider = channelsAt(appearance, level + 1);
    const layer = foldNorm(block.layer('conv', [wider, channels, 3, 3]), block.norm('norm', wider));
    x = averagePool(g, relu(g, planeConvolution(g, x, layer, { side: size / 2 ** level })));
    channels = wider;
  }
  x = convolution(g, x, depthFirst(scope.layer('second', [appearance.volume * depth, channels, 1, 1]), depth));
  const side = size / 2 ** APPEARANCE_HALVINGS;
  const shape = { depth, channels: appearance.volume, height: side, width: side };
  x = reshape(g, x, [depth, shape.channels, side, side]);
  for (let block = 0; block < appearance.residualBlocks; block++) {
    x = residualBlock(g, scope.at(`resblocks_3d.3dr${block}`), shape, x);
  }
  return x;
}

/** Adds x + conv2(relu(norm2(conv1(relu(norm1(x)))))). */
function residualBlock(g: GraphBuilder, scope: WeightScope, shape: SliceShape, x: Value): Value {
  const { channels } = shape;
  const kernel = [channels, channels, 3, 3, 3];
  const first = foldNorm(scope.layer('conv1', kernel), scope.norm('norm2', channels));
  const inner = relu(g, volumeConvolution(g, relu(g, normalise(g, x, scope.norm('norm1', channels))), first, shape));
  return add(g, x, volumeConvolution(g, inner, scope.layer('conv2', kernel), shape));
}
