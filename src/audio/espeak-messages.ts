import type { Voice } from './text-to-speech.ts';

/** What the speech thread is asked to speak. */
export interface EspeakRequest {
  readonly job: number;
  /** Plain text of one piece. */
  readonly text: string;
  /** eSpeak's own name of the voice, with its variant. */
  readonly voice: string;
  /** One 32-bit number in shared memory; anything but 0 cancels the job, also while it runs. */
  readonly cancelled: Int32Array;
}

/** A voice and eSpeak's own name of it. */
export interface EspeakVoice extends Voice {
  readonly identifier: string;
}

/** What the speech thread answers. */
export type EspeakAnswer =
  | { readonly kind: 'ready'; readonly sampleRateHz: number; readonly voices: readonly EspeakVoice[]; readonly variants: readonly string[] }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'sound'; readonly job: number; readonly samples: Float32Array }
  | { readonly kind: 'done'; readonly job: number; readonly spentMs: number }
  | { readonly kind: 'failed'; readonly job: number; readonly message: string };
