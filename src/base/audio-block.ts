/** A run of mono samples at one rate. */
export interface AudioBlock {
  /** Samples in −1..1. */
  readonly samples: Float32Array;
  /** Sampling rate in hertz. */
  readonly sampleRateHz: number;
}
