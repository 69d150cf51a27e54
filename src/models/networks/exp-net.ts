import { EXPRESSION_COLUMNS } from '../../base/coefficient-layout.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { concat, linear } from '../graph-layers.ts';
import type { WeightScope } from '../weight-scope.ts';
import { AUDIO_EMBEDDING, audioEncoder } from './audio-encoder.ts';

/** Adds ExpNet: mel windows N × 1 × 80 × 16, the portrait's expression N × 64 and blink ratio N × 1 → expression N × 64. */
export function expNet(g: GraphBuilder, scope: WeightScope, { mel, reference, ratio }: { mel: Value; reference: Value; ratio: Value }): Value {
  const audio = audioEncoder(g, scope.at('audio_encoder'), mel);
  const layer = scope.layer('mapping1', [EXPRESSION_COLUMNS, AUDIO_EMBEDDING + EXPRESSION_COLUMNS + 1]);
  return linear(g, concat(g, [audio, reference, ratio], 1), layer);
}
