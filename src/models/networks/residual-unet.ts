import type { GraphBuilder, Value } from '../graph-builder.ts';
import { add, concat, convolution, relu, sigmoid, upConvolution } from '../graph-layers.ts';
import { foldNorm, normalise } from '../layer-folding.ts';
import type { WeightScope } from '../weight-scope.ts';

const HALVE_TIME = [2, 1];

/** Adds the residual U-net of the PoseVAE: N × 1 × 32 × 6 (height is time) → the same shape, in 0..1. */
export function residualUnet(g: GraphBuilder, scope: WeightScope, input: Value): Value {
  const entry = foldNorm(scope.layer('input_layer.0', [32, 1, 3, 3]), scope.norm('input_layer.1', 32));
  const inner = convolution(g, relu(g, convolution(g, input, entry, { pad: 1 })), scope.layer('input_layer.3', [32, 32, 3, 3]), { pad: 1 });
  const x1 = add(g, inner, convolution(g, input, scope.layer('input_skip.0', [32, 1, 3, 3]), { pad: 1 }));
  const x2 = residual(g, scope.at('residual_conv_1'), { inputs: 32, outputs: 64, stride: HALVE_TIME }, x1);
  const x3 = residual(g, scope.at('residual_conv_2'), { inputs: 64, outputs: 128, stride: HALVE_TIME }, x2);
  const x4 = residual(g, scope.at('bridge'), { inputs: 128, outputs: 256, stride: HALVE_TIME }, x3);
  const y3 = rise(g, scope, { level: 1, channels: 256, outputs: 128 }, [x4, x3]);
  const y2 = rise(g, scope, { level: 2, channels: 128, outputs: 64 }, [y3, x2]);
  const y1 = rise(g, scope, { level: 3, channels: 64, outputs: 32 }, [y2, x1]);
  return sigmoid(g, convolution(g, y1, scope.layer('output_layer.0', [1, 32, 1, 1])));
}

/** Adds one step up: time doubled, joined with the step down of the same size, `channels` + `channels` / 2 → `outputs`. */
function rise(g: GraphBuilder, scope: WeightScope, { level, channels, outputs }: { level: number; channels: number; outputs: number }, [x, skip]: [Value, Value]): Value {
  const up = upConvolution(g, x, scope.transposedLayer(`upsample_${level}.upsample`, [channels, channels, 2, 1]));
  return residual(g, scope.at(`up_residual_conv${level}`), { inputs: channels + channels / 2, outputs, stride: [1, 1] }, concat(g, [up, skip], 1));
}

/** Adds a pre-activation residual block: conv(relu(norm(conv(relu(norm(x)))))) + norm(conv(x)). */
function residual(g: GraphBuilder, scope: WeightScope, form: { inputs: number; outputs: number; stride: readonly number[] }, x: Value): Value {
  const { inputs, outputs, stride } = form;
  const wider = [outputs, inputs, 3, 3];
  const first = foldNorm(scope.layer('conv_block.2', wider), scope.norm('conv_block.3', outputs));
  const activated = relu(g, normalise(g, x, scope.norm('conv_block.0', inputs)));
  const inner = relu(g, convolution(g, activated, first, { stride, pad: 1 }));
  const skip = foldNorm(scope.layer('conv_skip.0', wider), scope.norm('conv_skip.1', outputs));
  return add(g, convolution(g, inner, scope.layer('conv_block.5', [outputs, outputs, 3, 3]), { pad: 1 }), convolution(g, x, skip, { stride, pad: 1 }));
}
