import type { NamedTensors } from './tensor.ts';

/** Where a model runs: there, or nowhere. `loadOnDevice` is what falls back from `cuda` to `cpu`. */
export type Device = 'cpu' | 'cuda';

/** What the owner asks of an inference thread. */
export type ThreadRequest =
  | { readonly kind: 'load'; readonly call: number; readonly path: string; readonly device: Device; readonly intraOpThreads: number }
  | { readonly kind: 'run'; readonly call: number; readonly model: number; readonly feeds: NamedTensors; readonly outputs: readonly string[] }
  | { readonly kind: 'release'; readonly call: number; readonly model: number };

/** What an inference thread answers, unless a call fails. */
export type ThreadAnswer =
  | { readonly kind: 'loaded'; readonly call: number; readonly model: number; readonly inputs: readonly string[]; readonly outputs: readonly string[] }
  | { readonly kind: 'ran'; readonly call: number; readonly outputs: NamedTensors }
  | { readonly kind: 'released'; readonly call: number };
