import type { ProbeSample } from './stream-probe.ts';

/** Sound above this is heard as speech, root mean square. */
const LOUD = 0.01;

/** Step of the common time line, one video frame. */
const STEP_MS = 40;

/** Farthest shift between sound and picture that is tried, in steps. */
const LAG_STEPS = 6;

/** How a mouth moved while its voice was heard. */
export interface MouthTrack {
  /** Loudest sound, root mean square. */
  readonly loudest: number;
  /** Upper decile of the opening while speech is heard. */
  readonly openWhileLoud: number;
  /** Median of the opening while nothing is heard. */
  readonly openWhileQuiet: number;
  /** Times the mouth went from closed to open while speech was heard. */
  readonly openings: number;
  /** Best correlation of opening and loudness within ± 240 ms, -1 to 1. */
  readonly correlation: number;
}

/** Says how the mouth followed the sound over a series of samples. */
export function trackMouth(samples: readonly ProbeSample[]): MouthTrack {
  const opening = smoothed(onTimeLine(samples, ({ opening: value }) => value));
  const loudness = smoothed(onTimeLine(samples, ({ loudness: value }) => value));
  const speaks = loudness.map((_, step) => loudness.slice(Math.max(0, step - LAG_STEPS), step + LAG_STEPS + 1).some((value) => value > LOUD));
  const whileLoud = opening.filter((_, step) => speaks[step]);
  const openWhileLoud = quantile(whileLoud, 0.9);
  const low = quantile(whileLoud, 0.1);
  const third = (openWhileLoud - low) / 3;
  return {
    loudest: Math.max(0, ...samples.map(({ loudness: value }) => value)),
    openWhileLoud,
    openWhileQuiet: quantile(opening.filter((_, step) => !speaks[step]), 0.5),
    openings: countRises(whileLoud, low + third, openWhileLoud - third),
    correlation: bestCorrelation(opening, loudness),
  };
}

/** Holds each sample until the next, in equal steps of time. */
function onTimeLine(samples: readonly ProbeSample[], value: (sample: ProbeSample) => number): number[] {
  const line: number[] = [];
  let at = 0;
  const startMs = samples[0]?.timeMs ?? 0;
  const endMs = samples.at(-1)?.timeMs ?? 0;
  for (let timeMs = startMs; timeMs <= endMs; timeMs += STEP_MS) {
    while (at + 1 < samples.length && samples[at + 1]!.timeMs <= timeMs) {
      at += 1;
    }
    line.push(value(samples[at]!));
  }
  return line;
}

function smoothed(values: readonly number[]): number[] {
  return values.map((value, step) => ((values[step - 1] ?? value) + value + (values[step + 1] ?? value)) / 3);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

/** Counts the ways up from under `low` to over `high`. */
function countRises(values: readonly number[], low: number, high: number): number {
  let rises = 0;
  let isUp = false;
  for (const value of values) {
    if (!isUp && value > high) {
      rises += 1;
      isUp = true;
    } else if (value < low) {
      isUp = false;
    }
  }
  return high > low ? rises : 0;
}

function bestCorrelation(opening: readonly number[], loudness: readonly number[]): number {
  let best = -1;
  for (let lag = -LAG_STEPS; lag <= LAG_STEPS; lag++) {
    const from = Math.max(0, lag);
    const to = opening.length + Math.min(0, lag);
    best = Math.max(best, correlation(opening.slice(from, to), loudness.slice(from - lag, to - lag)));
  }
  return best;
}

/** Pearson's; 0 where one of the two does not move. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const meanA = a.reduce((sum, value) => sum + value, 0) / a.length;
  const meanB = b.reduce((sum, value) => sum + value, 0) / b.length;
  const covariance = a.reduce((sum, value, index) => sum + (value - meanA) * (b[index]! - meanB), 0);
  const variances = a.reduce((sum, value) => sum + (value - meanA) ** 2, 0) * b.reduce((sum, value) => sum + (value - meanB) ** 2, 0);
  return variances > 0 ? covariance / Math.sqrt(variances) : 0;
}
