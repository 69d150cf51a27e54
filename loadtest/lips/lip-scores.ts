import { opennessCurve, PHONE_GROUPS, type SpokenPhone } from './phone-track.ts';

/** What was seen and said in one recording. */
export interface LipRecord {
  readonly name: string;
  readonly phones: readonly SpokenPhone[];
  /** Gap between the inner lips over that of touching lips, and width of the mouth, per video frame, in mm. */
  readonly gapMm: readonly number[];
  readonly widthMm: readonly number[];
}

/** The figures of the table. */
export interface LipScores {
  readonly closureRecall: number;
  readonly closures: number;
  readonly opennessCorrelation: number;
  readonly openVowelMm: number;
  readonly closeVowelMm: number;
  readonly roundedWidthShare: number;
  readonly pauseMm: number;
  /** Share of frames in pauses that are shut. */
  readonly pauseShutShare: number;
  readonly lagFrames: number;
}

const FRAME_S = 0.04;

/** Lips count as shut up to this gap. */
export const SHUT_MM = 1;

/** Only closures at least this long are asked for; the lips may be late or early by `NEAR_S`. */
const LEAST_CLOSURE_S = 0.04;
const NEAR_S = 0.04;

/** Pauses that are scored last this long; lips may take `SETTLE_S` to shut and open `EARLY_S` before the next sound. */
const LEAST_PAUSE_S = 0.3;
const SETTLE_S = 0.12;
const EARLY_S = 0.1;

const MOST_LAG_FRAMES = 6;

/** Scores all recordings together. */
export function scoreLips(records: readonly LipRecord[]): LipScores {
  const closures = records.flatMap((record) => closureGaps(record));
  const pauses = records.flatMap((record) => pauseGaps(record));
  const width = (group: ReadonlySet<string>): number => mean(records.flatMap((record) => record.phones.filter(({ ph }) => group.has(ph)).flatMap((phone) => during(record.widthMm, phone.t0, phone.t1))));
  const gap = (group: ReadonlySet<string>): number => median(records.flatMap((record) => record.phones.filter(({ ph }) => group.has(ph)).flatMap((phone) => {
    const gaps = during(record.gapMm, phone.t0, phone.t1);
    return gaps.length === 0 ? [] : [mean(gaps)];
  })));
  const lags = Array.from({ length: 2 * MOST_LAG_FRAMES + 1 }, (_, i) => i - MOST_LAG_FRAMES);
  const byLag = lags.map((lag) => opennessAtLag(records, lag));
  return {
    closureRecall: closures.filter((mm) => mm <= SHUT_MM).length / closures.length,
    closures: closures.length,
    opennessCorrelation: opennessAtLag(records, 0),
    openVowelMm: gap(PHONE_GROUPS.openVowels),
    closeVowelMm: gap(PHONE_GROUPS.closeVowels),
    roundedWidthShare: width(PHONE_GROUPS.rounded) / width(PHONE_GROUPS.spread),
    pauseMm: quantile(pauses, 0.95),
    pauseShutShare: pauses.filter((mm) => mm <= SHUT_MM).length / pauses.length,
    lagFrames: lags[byLag.indexOf(Math.max(...byLag))] ?? 0,
  };
}

/** Smallest gap around each p, b and m. */
export function closureGaps({ phones, gapMm }: LipRecord): number[] {
  const asked = phones.filter(({ ph, t0, t1 }) => PHONE_GROUPS.closed.has(ph) && t1 - t0 >= LEAST_CLOSURE_S - 1e-6);
  return asked.map(({ t0, t1 }) => Math.min(...during(gapMm, t0 - NEAR_S, t1 + NEAR_S)));
}

function pauseGaps({ phones, gapMm }: LipRecord): number[] {
  const end = gapMm.length * FRAME_S;
  const pauses = phones.filter(({ ph, t0, t1 }) => PHONE_GROUPS.silence.has(ph) && t1 - t0 > LEAST_PAUSE_S);
  return pauses.flatMap(({ t0, t1 }) => during(gapMm, t0 <= 0 ? 0 : t0 + SETTLE_S, t1 >= end - FRAME_S ? end : t1 - EARLY_S));
}

/** Correlation of all gaps with the reference curves, the gaps taken so many frames later. */
function opennessAtLag(records: readonly LipRecord[], lag: number): number {
  const seen: number[] = [];
  const wanted: number[] = [];
  for (const { gapMm, phones } of records) {
    const curve = opennessCurve(phones, gapMm.length);
    for (let frame = 0; frame < gapMm.length; frame++) {
      const gap = gapMm[frame + lag];
      if (gap !== undefined) {
        seen.push(gap);
        wanted.push(curve[frame]!);
      }
    }
  }
  return correlation(seen, wanted);
}

/** Values of the video frames whose start lies in a time. */
function during(values: readonly number[], from: number, to: number): number[] {
  return values.slice(Math.max(0, Math.ceil(from / FRAME_S - 1e-6)), Math.max(0, Math.ceil(to / FRAME_S - 1e-6)));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const meanA = mean(a);
  const meanB = mean(b);
  let both = 0;
  let squareA = 0;
  let squareB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]! - meanA;
    const y = b[i]! - meanB;
    both += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  return both / Math.sqrt(squareA * squareB);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns the middle value; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Returns the value that a share of all values do not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
