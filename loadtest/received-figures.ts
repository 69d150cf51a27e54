import { percentile } from './figures.ts';
import { countSoundGaps } from './sound-watch.ts';
import type { ReceivedSound } from './sound-watch.ts';

/** One shown frame. */
export interface ShownFrame {
  readonly atMs: number;
  /** 90 kHz. */
  readonly rtpTimestamp: number;
  /** Width of the picture. */
  readonly widthPx: number;
}

/** When a viewer's network was bad, `performance.now()`. */
export interface FaultSpan {
  readonly startMs: number;
  /** Infinity when it did not become good again. */
  readonly endMs: number;
}

/** A sender report: which wall-clock time belongs to which RTP time. */
export interface ClockPair {
  /** When it arrived, `performance.now()`. */
  readonly atMs: number;
  readonly ntpMs: number;
  readonly rtpTimestamp: number;
}

/** All that one viewer received. */
export interface ViewerRecord {
  readonly frames: readonly ShownFrame[];
  readonly sounds: readonly ReceivedSound[];
  readonly reports: { readonly video: readonly ClockPair[]; readonly audio: readonly ClockPair[] };
  readonly firstSoundMs: readonly number[];
  readonly firstFrameMs: readonly number[];
  readonly interruptSilenceMs: readonly number[];
  readonly interruptMouthMs: readonly number[];
  readonly bytes: number;
  readonly seconds: number;
  /** When receiving ended, `performance.now()`. */
  readonly endedMs: number;
}

/** What one viewer saw and heard. */
export interface ViewerFigures {
  readonly fpsP5: number;
  readonly fpsMean: number;
  /** Mean frames per second while the network was bad; null where it was not. */
  readonly faultsFps: number | null;
  /** How much longer than at best a picture took to be shown while the network was bad: 95th percentile from two seconds on, and the longest; null where it was not. */
  readonly faultsDelayMsP95: number | null;
  readonly faultsDelayMsMost: number | null;
  /** From the end of the network's faults to the first second at full rate; null where they did not end. */
  readonly recoverMs: number | null;
  /** From there to the first picture of the largest size; null likewise. */
  readonly recoverSizeMs: number | null;
  /** Width of the smallest picture. */
  readonly leastWidthPx: number;
  readonly longestGapMs: number;
  /** Gaps between shown frames of over 200 ms. */
  readonly freezes: number;
  readonly audioGaps: number;
  readonly audioPacketsLost: number;
  /** Share of the sound that neither arrived nor was restored from the next packet. */
  readonly audioConcealedShare: number;
  readonly firstSoundMs: readonly number[];
  readonly firstFrameMs: readonly number[];
  readonly interruptSilenceMs: readonly number[];
  readonly interruptMouthMs: readonly number[];
  /** How much later than the sound of the same moment the picture arrives. */
  readonly avOffsetStartMs: number;
  readonly avOffsetEndMs: number;
  readonly avDriftMsPerHour: number;
  readonly kbps: number;
}

/** A gap between shown frames that a viewer sees as a freeze. */
export const FREEZE_MS = 200;

/** Start of a stream that is not judged: the first key frame, and both sides warming up. */
const WARM_UP_MS = 1000;

/** Length of the start and of the end over which the offset is averaged, in seconds. */
const OFFSET_SPAN_S = 5;

/** Time in which the server adapts to a bad network, before delays are judged. */
const ADAPTING_MS = 2000;

/** How long a viewer's return to full rate is waited for, in milliseconds. */
const LONGEST_RECOVERY_MS = 60_000;

/** What counts as full rate. */
const FULL_FPS = 24.5;

/** Sums up what one viewer received; `faults` is when its network was bad, if it was. */
export function viewerFigures(record: ViewerRecord, faults?: FaultSpan): ViewerFigures {
  const startMs = (record.frames[0]?.atMs ?? 0) + WARM_UP_MS;
  const frames = record.frames.filter(({ atMs }) => atMs >= startMs);
  const sounds = record.sounds.filter(({ atMs }) => atMs >= startMs);
  // A stream that dies is a gap up to the end.
  const pictureEndMs = endOf(frames, record.endedMs);
  const gaps = [...frames.slice(1).map(({ atMs }) => atMs), pictureEndMs].map((atMs, index) => atMs - (frames[index]?.atMs ?? startMs));
  const { gaps: audioGaps, lost, concealedShare } = countSoundGaps(sounds);
  const offsets = offsetsPerSecond(record);
  return {
    fpsP5: percentile(framesPerSecond(frames, pictureEndMs), 0.05),
    fpsMean: mean(framesPerSecond(frames, pictureEndMs)),
    ...faultFigures(record, faults),
    leastWidthPx: record.frames.reduce((least, { widthPx }) => Math.min(least, widthPx), Infinity),
    longestGapMs: gaps.reduce((longest, gap) => Math.max(longest, gap), 0),
    freezes: gaps.filter((gap) => gap > FREEZE_MS).length,
    audioGaps: audioGaps + (endOf(sounds, record.endedMs) === record.endedMs ? 1 : 0), audioPacketsLost: lost, audioConcealedShare: concealedShare,
    firstSoundMs: record.firstSoundMs, firstFrameMs: record.firstFrameMs,
    interruptSilenceMs: record.interruptSilenceMs, interruptMouthMs: record.interruptMouthMs,
    avOffsetStartMs: mean(offsets.slice(0, OFFSET_SPAN_S)),
    avOffsetEndMs: mean(offsets.slice(-OFFSET_SPAN_S)),
    avDriftMsPerHour: slope(offsets) * 3600,
    kbps: (record.bytes * 8) / 1000 / Math.max(1, record.seconds),
  };
}

/** When a stream ended: with its last unit, or when the viewer stopped waiting for the next one. */
function endOf(units: readonly { readonly atMs: number }[], endedMs: number): number {
  const lastMs = units.at(-1)?.atMs ?? -Infinity;
  return endedMs - lastMs > FREEZE_MS ? endedMs : lastMs;
}

/**
 * Frames in each whole second. The count of frames is taken to grow evenly between two arrivals, so that a frame
 * that comes 5 ms after a second's end does not make it one of 24. Until the last frame, unless told an end.
 */
export function framesPerSecond(frames: readonly ShownFrame[], endMs = frames.at(-1)?.atMs): number[] {
  const first = frames[0];
  if (first === undefined || endMs === undefined) {
    return [0];
  }
  const seconds = Math.floor((endMs - first.atMs) / 1000);
  const countAt = countUntil(frames);
  const counts = Array.from({ length: seconds }, (_, second) => countAt(first.atMs + (second + 1) * 1000) - countAt(first.atMs + second * 1000));
  return counts.length === 0 ? [0] : counts;
}

function faultFigures(record: ViewerRecord, faults: FaultSpan | undefined): Pick<ViewerFigures, 'faultsFps' | 'faultsDelayMsP95' | 'faultsDelayMsMost' | 'recoverMs' | 'recoverSizeMs'> {
  if (faults === undefined) {
    return { faultsFps: null, faultsDelayMsP95: null, faultsDelayMsMost: null, recoverMs: null, recoverSizeMs: null };
  }
  const { frames, endedMs } = record;
  const { startMs, endMs } = faults;
  const fromMs = Math.max(startMs, frames[0]?.atMs ?? startMs);
  const spanMs = Math.min(endMs, endedMs) - fromMs;
  const faultsFps = spanMs > 0 ? (frames.filter(({ atMs }) => atMs >= fromMs && atMs < endMs).length * 1000) / spanMs : NaN;
  const delays = delayFigures(record, faults);
  if (endMs === Infinity) {
    return { faultsFps, ...delays, recoverMs: null, recoverSizeMs: null };
  }
  const widthPx = frames.reduce((most, frame) => Math.max(most, frame.widthPx), 0);
  const whole = frames.find((frame) => frame.atMs >= endMs && frame.widthPx === widthPx);
  return { faultsFps, ...delays, recoverMs: recoverMs(frames, endMs), recoverSizeMs: whole === undefined ? Number.NaN : whole.atMs - endMs };
}

function delayFigures({ frames, reports }: ViewerRecord, { startMs, endMs }: FaultSpan): Pick<ViewerFigures, 'faultsDelayMsP95' | 'faultsDelayMsMost'> {
  const transits = transitsOf(frames, reports.video, 90_000);
  const shortestMs = transits.reduce((shortest, { transitMs }) => Math.min(shortest, transitMs), Infinity);
  const within = (fromMs: number): number[] => transits.filter(({ atMs }) => atMs >= fromMs && atMs < endMs).map(({ transitMs }) => transitMs - shortestMs);
  const settled = within(startMs + ADAPTING_MS);
  return { faultsDelayMsP95: settled.length === 0 ? Number.NaN : percentile(settled, 0.95), faultsDelayMsMost: within(startMs).reduce((longest, delay) => Math.max(longest, delay), 0) };
}

/** From a moment to the start of the first second of full rate, in milliseconds; NaN when none came. */
function recoverMs(frames: readonly ShownFrame[], fromMs: number): number {
  const after = frames.filter(({ atMs }) => atMs >= fromMs);
  for (let passedMs = 0; passedMs < LONGEST_RECOVERY_MS; passedMs += 100) {
    const second = after.filter(({ atMs }) => atMs >= fromMs + passedMs);
    const [rate = 0] = framesPerSecond(second.filter(({ atMs }) => atMs <= fromMs + passedMs + 1100));
    if (rate >= FULL_FPS) {
      return passedMs;
    }
  }
  return Number.NaN;
}

/** Returns a function that gives the number of frames until a time; times must rise from call to call by no more than a second back. */
function countUntil(frames: readonly ShownFrame[]): (atMs: number) => number {
  return (atMs) => {
    let low = 0;
    let high = frames.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (frames[middle]!.atMs < atMs) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const after = frames[low]!.atMs;
    const before = frames[low - 1]?.atMs ?? after;
    return low - (after > before ? Math.min(1, Math.max(0, (after - atMs) / (after - before))) : 0);
  };
}

/** For each second the median of (picture's transit − sound's transit), by the server's own reports of time. */
function offsetsPerSecond({ frames, sounds, reports }: ViewerRecord): number[] {
  const video = transits(frames, reports.video, 90_000);
  const audio = transits(sounds, reports.audio, 48_000);
  return [...video].sort(([a], [b]) => a - b).flatMap(([second, pictures]) => {
    const heard = audio.get(second);
    return heard === undefined ? [] : [percentile(pictures, 0.5) - percentile(heard, 0.5)];
  });
}

/** Transit times in milliseconds (with an unknown constant) by second of arrival. */
function transits(units: readonly Pick<ShownFrame, 'atMs' | 'rtpTimestamp'>[], reports: readonly ClockPair[], clockHz: number): Map<number, number[]> {
  const bySecond = new Map<number, number[]>();
  for (const { atMs, transitMs } of transitsOf(units, reports, clockHz)) {
    const second = Math.floor(atMs / 1000);
    const transitsOfSecond = bySecond.get(second) ?? [];
    bySecond.set(second, transitsOfSecond);
    transitsOfSecond.push(transitMs);
  }
  return bySecond;
}

/** For each unit that came after the first report of time: when it did, and its transit time in milliseconds, with an unknown constant. */
function transitsOf(units: readonly Pick<ShownFrame, 'atMs' | 'rtpTimestamp'>[], reports: readonly ClockPair[], clockHz: number): { atMs: number; transitMs: number }[] {
  let at = 0;
  return units.flatMap(({ atMs, rtpTimestamp }) => {
    while (at + 1 < reports.length && reports[at + 1]!.atMs <= atMs) {
      at += 1;
    }
    const report = reports[at];
    if (report === undefined || report.atMs > atMs) {
      return [];
    }
    const sentNtpMs = report.ntpMs + (((rtpTimestamp - report.rtpTimestamp) | 0) * 1000) / clockHz;
    return [{ atMs, transitMs: atMs - (sentNtpMs % 1e9) }];
  });
}

/** Not a number of nothing: what was not measured must not look perfect. */
function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Least-squares slope of equally spaced values, per step; not a number of fewer than two. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const average = mean(values);
  let covariance = 0;
  let variance = 0;
  for (const [index, value] of values.entries()) {
    covariance += (index - middle) * (value - average);
    variance += (index - middle) ** 2;
  }
  return covariance / variance;
}
