/** Rate of all sound in the lessons, in hertz. */
export const SOUND_RATE_HZ = 16_000;

/** Zero crossings of the resampling kernel on either side, and table entries per crossing. */
const CROSSINGS = 12;
const FINENESS = 256;

/** Half of a Hann-windowed sinc. */
const KERNEL = Float32Array.from({ length: CROSSINGS * FINENESS + 2 }, (_, i) => {
  const x = i / FINENESS;
  return x === 0 ? 1 : x > CROSSINGS ? 0 : (Math.sin(Math.PI * x) / (Math.PI * x)) * (0.5 + 0.5 * Math.cos((Math.PI * x) / CROSSINGS));
});

/** Returns the sound with `ratio` times as many samples, band-limited when it gets shorter. */
export function resampled(samples: Float32Array, ratio: number): Float32Array {
  if (ratio === 1) {
    return samples;
  }
  const cutoff = Math.min(1, ratio);
  const reach = CROSSINGS / cutoff;
  const result = new Float32Array(Math.floor(samples.length * ratio));
  for (let i = 0; i < result.length; i++) {
    const centre = i / ratio;
    const last = Math.min(samples.length - 1, centre + reach);
    let sum = 0;
    for (let at = Math.max(0, Math.ceil(centre - reach)); at <= last; at++) {
      sum += samples[at]! * KERNEL[Math.round(Math.abs(at - centre) * cutoff * FINENESS)]!;
    }
    result[i] = cutoff * sum;
  }
  return result;
}
