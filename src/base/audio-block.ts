/** A run of mono samples at one rate. */
export interface AudioBlock {
  /** Samples in −1..1. */
  readonly samples: Float32Array;
  /** Sampling rate in hertz. */
  readonly sampleRateHz: number;
}

/** Returns how long a block lasts, in microseconds, rounded down. */
export function audioBlockDurationUs(block: AudioBlock): number {
  return Math.floor((block.samples.length * 1_000_000) / block.sampleRateHz);
}
