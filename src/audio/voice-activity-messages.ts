/** What the owner asks of a voice activity thread. */
export type VoiceActivityRequest =
  | { readonly kind: 'load'; readonly call: number; readonly path: string }
  /** Windows to hear one after the other: `sound` is the end of what came before them, and then they; `state` is the network's before them. */
  | { readonly kind: 'hear'; readonly call: number; readonly sound: Float32Array; readonly windows: number; readonly state: Float32Array };

/** What a voice activity thread answers, unless a call fails. */
export type VoiceActivityAnswer =
  | { readonly kind: 'loaded'; readonly call: number }
  | { readonly kind: 'heard'; readonly call: number } & HeardWindows;

/** What the network says of some windows. */
export interface HeardWindows {
  /** Probability of speech of each window, 0..1. */
  readonly probabilities: readonly number[];
  /** The network's state after them, 2 × 1 × 128. */
  readonly state: Float32Array;
}
