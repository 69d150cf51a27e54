import { MEL_BANDS } from '../../src/base/mel-window.ts';
import { MEL_FFT_SAMPLES, MEL_HOP_SAMPLES, MelAnalyser, PRE_EMPHASIS } from '../../src/audio/mel-analyser.ts';

/** Mel frames of a whole clip. */
export interface MelSpectrogram {
  /** Frames, 12.5 ms apart; frame m is centred on sample 200 · m. */
  readonly frames: number;
  /** Shape frames × 80, normalised to −4..4. */
  readonly values: Float32Array;
}

/**
 * Returns the mel spectrogram of a whole clip at 16 kHz as the SadTalker front end computes it:
 * pre-emphasis 0.97, Hann window and transform of 800 samples, hop 200, zeros beyond both ends, 80 bands.
 */
export function melSpectrogram(samples: Float32Array): MelSpectrogram {
  const margin = MEL_FFT_SAMPLES / 2;
  const padded = new Float64Array(samples.length + 2 * margin);
  let previous = 0;
  for (let n = 0; n < samples.length; n++) {
    padded[margin + n] = samples[n]! - PRE_EMPHASIS * previous;
    previous = samples[n]!;
  }
  const frames = 1 + Math.floor(samples.length / MEL_HOP_SAMPLES);
  const values = new Float32Array(frames * MEL_BANDS);
  const analyser = new MelAnalyser();
  for (let frame = 0; frame < frames; frame++) {
    const start = frame * MEL_HOP_SAMPLES;
    analyser.analyse(padded.subarray(start, start + MEL_FFT_SAMPLES), values, frame * MEL_BANDS);
  }
  return { frames, values };
}
