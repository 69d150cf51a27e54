import type { GraphBuilder, Value } from '../graph-builder.ts';
import { add, concat, convolution, relu, reshape } from '../graph-layers.ts';
import { foldNorm } from '../layer-folding.ts';
import type { WeightScope } from '../weight-scope.ts';

const STAGES = [{ blocks: 3, inner: 64 }, { blocks: 4, inner: 128 }, { blocks: 6, inner: 256 }, { blocks: 3, inner: 512 }];
const WIDENING = 4;

/** Sizes of the heads: identity, expression, texture, angles, lighting, translation x and y, translation z. */
const HEADS = [80, 64, 80, 3, 27, 2, 1];

/** Coefficients the net gives for one face. */
export const FACE_COEFFICIENTS = HEADS.reduce((sum, size) => sum + size, 0);

/** Adds the ResNet-50 that fits a 3-D morphable model: aligned faces N × 3 × 224 × 224 RGB in 0..1 → N × 257. */
export function face3dNet(g: GraphBuilder, scope: WeightScope, image: Value): Value {
  const backbone = scope.at('backbone');
  const entry = foldNorm(backbone.layerWithoutBias('conv1', [64, 3, 7, 7]), backbone.norm('bn1', 64));
  let x = relu(g, convolution(g, image, entry, { stride: 2, pad: 3 }));
  x = g.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let inputs = 64;
  for (const [stage, { blocks, inner }] of STAGES.entries()) {
    for (let block = 0; block < blocks; block++) {
      const form = { inputs, inner, stride: stage > 0 && block === 0 ? 2 : 1, widens: block === 0 };
      x = bottleneck(g, backbone.at(`layer${stage + 1}.${block}`), form, x);
      inputs = inner * WIDENING;
    }
  }
  const pooled = g.node('GlobalAveragePool', [x]);
  const heads = HEADS.map((size, i) => convolution(g, pooled, scope.layer(`final_layers.${i}`, [size, inputs, 1, 1])));
  return reshape(g, concat(g, heads, 1), [-1, FACE_COEFFICIENTS]);
}

/** Adds one bottleneck block; the stride is on the 3×3 convolution. */
function bottleneck(g: GraphBuilder, scope: WeightScope, form: { inputs: number; inner: number; stride: number; widens: boolean }, x: Value): Value {
  const { inputs, inner, stride, widens } = form;
  const outputs = inner * WIDENING;
  const normed = (conv: string, bn: string, shape: readonly number[]): ReturnType<typeof foldNorm> =>
    foldNorm(scope.layerWithoutBias(conv, shape), scope.norm(bn, shape[0]!));
  let y = relu(g, convolution(g, x, normed('conv1', 'bn1', [inner, inputs, 1, 1])));
  y = relu(g, convolution(g, y, normed('conv2', 'bn2', [inner, inner, 3, 3]), { stride, pad: 1 }));
  y = convolution(g, y, normed('conv3', 'bn3', [outputs, inner, 1, 1]));
  const skip = widens ? convolution(g, x, normed('downsample.0', 'downsample.1', [outputs, inputs, 1, 1]), { stride }) : x;
  return relu(g, add(g, y, skip));
}
