import { MEL_BANDS } from '../base/mel-window.ts';
import { RealFourierTransform } from './real-fourier-transform.ts';

/** Sampling rate the mel spectrogram is defined at, in hertz. */
export const MEL_RATE_HZ = 16_000;

/** Samples between two mel frames: 12.5 ms. */
export const MEL_HOP_SAMPLES = 200;

/** Samples one mel frame looks at: 50 ms, centred on the frame's own time. */
export const MEL_FFT_SAMPLES = 800;

/** Factor of the pre-emphasis filter y[n] = x[n] − 0.97 · x[n − 1]. */
export const PRE_EMPHASIS = 0.97;

const MEL_BINS = MEL_FFT_SAMPLES / 2 + 1;
const LOWEST_HZ = 55;
const HIGHEST_HZ = 7600;

// Slaney's scale: linear to 1000 Hz, logarithmic above.
const HZ_PER_MEL = 200 / 3;
const BREAK_HZ = 1000;
const BREAK_MEL = BREAK_HZ / HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

const hzToMel = (hz: number): number => (hz < BREAK_HZ ? hz / HZ_PER_MEL : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP);
const melToHz = (mel: number): number => (mel < BREAK_MEL ? mel * HZ_PER_MEL : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL)));

/**
 * Returns the 80 × 401 mel filterbank (row-major): triangles between 55 and 7600 Hz on Slaney's scale, scaled to equal area.
 * Each step is rounded to float32, as librosa 0.9 does.
 */
export function melFilterbank(): Float32Array {
  const lowest = hzToMel(LOWEST_HZ);
  const step = (hzToMel(HIGHEST_HZ) - lowest) / (MEL_BANDS + 1);
  const edges = Array.from({ length: MEL_BANDS + 2 }, (_, i) => melToHz(lowest + i * step));
  const weights = new Float32Array(MEL_BANDS * MEL_BINS);
  for (let band = 0; band < MEL_BANDS; band++) {
    const [left, centre, right] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
    for (let bin = 0; bin < MEL_BINS; bin++) {
      const hz = (bin * MEL_RATE_HZ) / MEL_FFT_SAMPLES;
      const triangle = Math.max(0, Math.min((hz - left) / (centre - left), (right - hz) / (right - centre)));
      weights[band * MEL_BINS + bin] = Math.fround(triangle) * (2 / (right - left));
    }
  }
  return weights;
}

/** Turns 800 pre-emphasised samples at 16 kHz into one mel frame; every buffer is made in the constructor. */
export class MelAnalyser {
  readonly #transform = new RealFourierTransform(MEL_FFT_SAMPLES);
  readonly #weights = melFilterbank();
  /** First bin of each band and the one after its last; the bands are narrow. */
  readonly #firstBin = new Uint16Array(MEL_BANDS);
  readonly #endBin = new Uint16Array(MEL_BANDS);
  /** Periodic Hann window. */
  readonly #hann = Float64Array.from({ length: MEL_FFT_SAMPLES }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / MEL_FFT_SAMPLES));
  readonly #windowed = new Float64Array(MEL_FFT_SAMPLES);
  readonly #magnitudes = new Float64Array(MEL_BINS);

  constructor() {
    for (let band = 0; band < MEL_BANDS; band++) {
      const row = this.#weights.subarray(band * MEL_BINS, (band + 1) * MEL_BINS);
      this.#firstBin[band] = row.findIndex((weight) => weight > 0);
      this.#endBin[band] = row.findLastIndex((weight) => weight > 0) + 1;
    }
  }

  /**
   * Writes the 80 bands of `samples` (800 pre-emphasised values) into `mel` from `offset` on:
   * clip(8 · (20·log10(max(1e-5, mel)) − 20 + 100) / 100 − 4, −4, 4), the normalisation of the SadTalker front end.
   */
  analyse(samples: Float64Array, mel: Float32Array, offset: number): void {
    for (let n = 0; n < MEL_FFT_SAMPLES; n++) {
      this.#windowed[n] = samples[n]! * this.#hann[n]!;
    }
    this.#transform.magnitudes(this.#windowed, this.#magnitudes);
    for (let band = 0; band < MEL_BANDS; band++) {
      let sum = 0;
      const end = this.#endBin[band]!;
      for (let bin = this.#firstBin[band]!; bin < end; bin++) {
        sum += this.#weights[band * MEL_BINS + bin]! * this.#magnitudes[bin]!;
      }
      const decibels = 20 * Math.log10(Math.max(1e-5, sum)) - 20;
      mel[offset + band] = Math.max(-4, Math.min(4, (8 * (decibels + 100)) / 100 - 4));
    }
  }
}
