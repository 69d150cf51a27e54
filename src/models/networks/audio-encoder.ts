import type { GraphBuilder, Value } from '../graph-builder.ts';
import { add, convolution, relu, reshape } from '../graph-layers.ts';
import { foldNorm } from '../layer-folding.ts';
import type { WeightScope } from '../weight-scope.ts';

/** Values the audio encoder gives for one mel window. */
export const AUDIO_EMBEDDING = 512;

interface Stage {
  readonly channels: number;
  readonly kernel?: number;
  readonly stride?: number | readonly number[];
  readonly pad?: number;
  readonly residual?: boolean;
}

const STAGES: readonly Stage[] = [
  { channels: 32 }, { channels: 32, residual: true }, { channels: 32, residual: true },
  { channels: 64, stride: [3, 1] }, { channels: 64, residual: true }, { channels: 64, residual: true },
  { channels: 128, stride: 3 }, { channels: 128, residual: true }, { channels: 128, residual: true },
  { channels: 256, stride: [3, 2] }, { channels: 256, residual: true },
  { channels: AUDIO_EMBEDDING, pad: 0 }, { channels: AUDIO_EMBEDDING, kernel: 1, pad: 0 },
];

/** Adds the audio encoder shared by ExpNet and PoseVAE: mel windows N × 1 × 80 × 16 → N × 512. */
export function audioEncoder(g: GraphBuilder, scope: WeightScope, mel: Value): Value {
  let x = mel;
  let inputs = 1;
  for (const [i, { channels, kernel = 3, stride = 1, pad = 1, residual = false }] of STAGES.entries()) {
    const block = scope.at(`${i}.conv_block`);
    const layer = foldNorm(block.layer('0', [channels, inputs, kernel, kernel]), block.norm('1', channels));
    const y = convolution(g, x, layer, { stride, pad });
    x = relu(g, residual ? add(g, y, x) : y);
    inputs = channels;
  }
  return reshape(g, x, [-1, AUDIO_EMBEDDING]);
}
