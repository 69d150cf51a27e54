import { MEL_WINDOW_FRAMES, type MelWindow } from '../base/mel-window.ts';
import { melToDb } from './speech-level.ts';

/** The lowest bands of a mel window lie evenly under 1000 Hz: 36 Hz apart, the first at 91 Hz (80 bands on Slaney's scale from 55 to 7600 Hz). */
const BANDS = 25;
const BAND_HZ = 35.946;
const FIRST_BAND_HZ = 55 + BAND_HZ;

/** How far one harmonic spreads over the bands: Hann window of 50 ms and the bands' triangles, as a Gaussian. */
const SPREAD_HZ = 22.4;

/** What fills the gaps between harmonics, of a harmonic's size; and what is so far under the loudest band is not read, in dB. */
const GAP_FLOOR = 0.05;
const RANGE_DB = 40;

/** Pitches that are tried: 70 to 420 Hz, four a semitone. */
const LOWEST_HZ = 70;
const HIGHEST_HZ = 420;
const STEPS_PER_OCTAVE = 48;
const PITCHES = Math.ceil(STEPS_PER_OCTAVE * Math.log2(HIGHEST_HZ / LOWEST_HZ)) + 1;

/** Formants and the microphone's colour are taken out as a curve of this many terms. */
const CURVE_TERMS = 5;

/** A pitch counts when its comb explains so much of what the curve leaves (correlation), and that is no mere ripple, in dB. */
const LEAST_MATCH = 0.57;
const LEAST_RIPPLE_DB = 1.5;

/** What an octave away from the pitch expected costs, of the match: combs of double and half a pitch match nearly as well. */
const OCTAVE_COST = 0.4;

/** Finds the pitch of a voice in mel windows: the comb of harmonics that best matches the ripple of the bands under 1000 Hz. Stateless but for its buffers. */
export class PitchFinder {
  /** Orthonormal polynomials over the bands. */
  readonly #curves = curves();
  /** One comb of unit length per pitch, without what the curves hold. */
  readonly #combs: readonly Float64Array[];
  readonly #bands = new Float64Array(BANDS);
  readonly #matches = new Float64Array(PITCHES);

  constructor() {
    this.#combs = Array.from({ length: PITCHES }, (_, index) => {
      const comb = combOf(LOWEST_HZ * 2 ** (index / STEPS_PER_OCTAVE));
      this.#removeCurves(comb);
      const length = Math.sqrt(dot(comb, comb));
      return comb.map((value) => value / length);
    });
  }

  /**
   * Returns the pitch in the mel frames `first` to `last` of a window, in semitones over 70 Hz, or undefined where none is clear.
   * `expected` (the same unit) decides between octaves.
   */
  find(window: MelWindow, [first, last]: readonly [number, number], expected: number): number | undefined {
    this.#readBands(window, first, last);
    this.#removeCurves(this.#bands);
    const ripple = Math.sqrt(dot(this.#bands, this.#bands));
    const best = this.#bestMatch(ripple, expected);
    return ripple / Math.sqrt(BANDS) > LEAST_RIPPLE_DB && this.#matches[best]! > LEAST_MATCH ? this.#peakAt(best) * (12 / STEPS_PER_OCTAVE) : undefined;
  }

  #readBands(window: MelWindow, first: number, last: number): void {
    const bands = this.#bands;
    let loudest = -Infinity;
    for (let band = 0; band < BANDS; band++) {
      let sum = 0;
      for (let frame = first; frame <= last; frame++) {
        sum += window.values[band * MEL_WINDOW_FRAMES + frame]!;
      }
      bands[band] = melToDb(sum / (last - first + 1));
      loudest = Math.max(loudest, bands[band]!);
    }
    for (let band = 0; band < BANDS; band++) {
      bands[band] = Math.max(bands[band]!, loudest - RANGE_DB);
    }
  }

  #bestMatch(ripple: number, expected: number): number {
    let best = 0;
    let bestScore = -Infinity;
    for (let pitch = 0; pitch < PITCHES; pitch++) {
      const match = dot(this.#combs[pitch]!, this.#bands) / ripple;
      this.#matches[pitch] = match;
      const score = match - OCTAVE_COST * Math.abs(pitch / STEPS_PER_OCTAVE - expected / 12);
      if (score > bestScore) {
        best = pitch;
        bestScore = score;
      }
    }
    return best;
  }

  /** Returns where the parabola through a match and its neighbours peaks, in steps. */
  #peakAt(index: number): number {
    const [before, at, after] = [this.#matches[index - 1], this.#matches[index]!, this.#matches[index + 1]];
    if (before === undefined || after === undefined || before + after >= 2 * at) {
      return index;
    }
    return index + Math.max(-0.5, Math.min(0.5, (before - after) / (2 * (before + after - 2 * at))));
  }

  #removeCurves(bands: Float64Array): void {
    for (const curve of this.#curves) {
      const part = dot(curve, bands);
      for (let band = 0; band < BANDS; band++) {
        bands[band]! -= part * curve[band]!;
      }
    }
  }
}

/** Returns the harmonics of one pitch as the bands show them, in dB. */
function combOf(hz: number): Float64Array {
  return Float64Array.from({ length: BANDS }, (_, band) => {
    const at = FIRST_BAND_HZ + band * BAND_HZ;
    let sum = GAP_FLOOR;
    for (let harmonic = 1; harmonic * hz < at + 4 * SPREAD_HZ; harmonic++) {
      sum += Math.exp(-(((at - harmonic * hz) / SPREAD_HZ) ** 2) / 2);
    }
    return 20 * Math.log10(sum);
  });
}

/** Returns polynomials of degree 0, 1, 2 … over the bands, made orthonormal (Gram and Schmidt). */
function curves(): readonly Float64Array[] {
  const made: Float64Array[] = [];
  for (let degree = 0; degree < CURVE_TERMS; degree++) {
    const curve = Float64Array.from({ length: BANDS }, (_, band) => ((2 * band) / (BANDS - 1) - 1) ** degree);
    for (const other of made) {
      const part = dot(other, curve);
      curve.forEach((value, band) => { curve[band] = value - part * other[band]!; });
    }
    const length = Math.sqrt(dot(curve, curve));
    made.push(curve.map((value) => value / length));
  }
  return made;
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < BANDS; i++) {
    sum += one[i]! * other[i]!;
  }
  return sum;
}
