import type { ChromiumFigures } from './chromium-viewer.ts';
import { percentile } from './figures.ts';
import type { PortraitFigures } from './portrait-visitors.ts';
import type { ServerSample } from './server-figures.ts';
import type { FleetOutcome } from './viewer-fleet.ts';

/** All figures of one run, as `--json` prints them. Figures over viewers are those of the worst one. */
export interface RunFigures {
  /** Viewers that were let in. */
  readonly sessions: number;
  readonly fpsP5: number;
  /** Mean rates of the slowest and of the fastest viewer: under overload they must be alike. */
  readonly fpsMeanLeast: number;
  readonly fpsMeanMost: number;
  readonly longestGapMs: number;
  readonly freezes: number;
  readonly audioGaps: number;
  readonly audioPacketsLost: number;
  /** Share of the sound that neither arrived nor was restored from the next packet. */
  readonly audioConcealedShare: number;
  readonly firstSoundMsP95: number;
  readonly firstFrameMsP95: number;
  /** Median of (first moving frame − first sound): how lips and sound lie together. */
  readonly lipOffsetMs: number;
  readonly interruptSilenceMsP95: number;
  readonly interruptMouthMsP95: number;
  readonly avOffsetMs: number;
  readonly avOffsetStartMs: number;
  readonly avOffsetEndMs: number;
  readonly avDriftMsPerHour: number;
  readonly kbpsPerViewer: number;
  readonly coresPerSession: number;
  readonly rssMbStart: number;
  readonly rssMbEnd: number;
  readonly rssMbPer10Minutes: number;
  readonly eventLoopP99Ms: number;
  readonly framesRendered: number;
  readonly framesLate: number;
  /** Late frames a minute in the second half of the run less those in the first. */
  readonly framesLateGrowth: number;
  readonly framesDropped: number;
  readonly framesRepeated: number;
  /** How many pictures were drawn together, as `≤1: 80 %`, `≤2: 20 %`; empty for the built-in face. */
  readonly batchSizes: readonly string[];
  /** Mean frames per second while the network was bad, the slowest viewer; null where it was not. */
  readonly faultsFps: number | null;
  /** How much longer than at best pictures took meanwhile, the slowest viewer; null likewise. */
  readonly faultsDelayMsP95: number | null;
  readonly faultsDelayMsMost: number | null;
  /** Smallest picture, and smallest bitrate asked for a viewer's picture. */
  readonly leastWidthPx: number;
  readonly leastVideoKbps: number;
  /** From the end of the network's faults to full rate, and to whole pictures, the slowest viewer; null where they did not end. */
  readonly recoverMs: number | null;
  readonly recoverSizeMs: number | null;
  readonly rejected: number;
  /** Until a viewer knew that it was refused, the slowest; null when none was. */
  readonly refusedMs: number | null;
  /** From a viewer's vanishing to its slot being free; null when none vanished. */
  readonly slotFreedMs: number | null;
  readonly refusedWith: readonly string[];
  readonly failures: readonly string[];
  readonly chromiumFps: number | null;
  readonly chromiumFreezes: number | null;
  /** Portraits that others opened while the viewers watched, and the longest time from asking for one to its first picture; null when nobody did. */
  readonly portraitsOpened: number | null;
  readonly portraitFirstPictureMs: number | null;
}

/** Seconds after which all viewers are there and the server's memory has settled. */
const SETTLED_S = 5;

/** Sums up a run; NaN stands for what nobody measured. */
export function runFigures({ fleet, samples, chromium, portraits }: { fleet: FleetOutcome; samples: readonly ServerSample[]; chromium: ChromiumFigures | undefined; portraits: PortraitFigures | undefined }): RunFigures {
  const viewers = fleet.figures;
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) {
    throw new TypeError('The server was never read.');
  }
  const settled = samples.filter(({ atMs }) => atMs - first.atMs >= SETTLED_S * 1000);
  const busy = samples.filter(({ sessions }) => sessions > 0);
  const figures: RunFigures = {
    sessions: viewers.length + fleet.freedMs.length,
    fpsP5: least(viewers.map(({ fpsP5 }) => fpsP5)),
    fpsMeanLeast: least(viewers.map(({ fpsMean }) => fpsMean)),
    fpsMeanMost: most(viewers.map(({ fpsMean }) => fpsMean)),
    longestGapMs: most(viewers.map(({ longestGapMs }) => longestGapMs)),
    freezes: sum(viewers.map(({ freezes }) => freezes)),
    audioGaps: sum(viewers.map(({ audioGaps }) => audioGaps)),
    audioPacketsLost: sum(viewers.map(({ audioPacketsLost }) => audioPacketsLost)),
    audioConcealedShare: most(viewers.map(({ audioConcealedShare }) => audioConcealedShare)),
    firstSoundMsP95: p95(viewers.flatMap(({ firstSoundMs }) => firstSoundMs)),
    firstFrameMsP95: p95(viewers.flatMap(({ firstFrameMs }) => firstFrameMs)),
    lipOffsetMs: median(viewers.flatMap(({ firstFrameMs, firstSoundMs }) => firstFrameMs.map((value, index) => value - firstSoundMs[index]!))),
    interruptSilenceMsP95: p95(viewers.flatMap(({ interruptSilenceMs }) => interruptSilenceMs)),
    interruptMouthMsP95: p95(viewers.flatMap(({ interruptMouthMs }) => interruptMouthMs)),
    avOffsetMs: largest(viewers.flatMap(({ avOffsetStartMs, avOffsetEndMs }) => [avOffsetStartMs, avOffsetEndMs])),
    avOffsetStartMs: largest(viewers.map(({ avOffsetStartMs }) => avOffsetStartMs)),
    avOffsetEndMs: largest(viewers.map(({ avOffsetEndMs }) => avOffsetEndMs)),
    avDriftMsPerHour: largest(viewers.map(({ avDriftMsPerHour }) => avDriftMsPerHour)),
    kbpsPerViewer: median(viewers.map(({ kbps }) => kbps)),
    coresPerSession: median(coresPerSession(busy)),
    rssMbStart: (settled[0] ?? first).residentMb,
    rssMbEnd: (busy.at(-1) ?? last).residentMb,
    rssMbPer10Minutes: memorySlope(settled),
    eventLoopP99Ms: most(samples.slice(1).map(({ eventLoopP99Ms }) => eventLoopP99Ms)),
    framesRendered: last.framesRendered - first.framesRendered,
    framesLate: last.framesLate - first.framesLate,
    framesLateGrowth: lateGrowth(busy),
    framesDropped: last.framesDropped - first.framesDropped,
    framesRepeated: last.framesRepeated - first.framesRepeated,
    batchSizes: batchSizes(first, last),
    faultsFps: worst(viewers.map((viewer) => viewer.faultsFps), least),
    faultsDelayMsP95: worst(viewers.map((viewer) => viewer.faultsDelayMsP95), most),
    faultsDelayMsMost: worst(viewers.map((viewer) => viewer.faultsDelayMsMost), most),
    leastWidthPx: least(viewers.map((viewer) => viewer.leastWidthPx)),
    leastVideoKbps: least(busy.map(({ videoKbps, sessions }) => videoKbps / sessions).filter((kbps) => kbps > 0)),
    recoverMs: worst(viewers.map((viewer) => viewer.recoverMs), most),
    recoverSizeMs: worst(viewers.map((viewer) => viewer.recoverSizeMs), most),
    rejected: fleet.refused.length,
    refusedMs: fleet.refusedMs.length === 0 ? null : Math.max(...fleet.refusedMs),
    slotFreedMs: fleet.freedMs.length === 0 ? null : Math.max(...fleet.freedMs),
    refusedWith: [...new Set(fleet.refused)],
    failures: [...fleet.failures, ...portraits?.failures ?? []],
    ...besideFigures(chromium, portraits),
  };
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, typeof value === 'number' ? Math.round(value * 1000) / 1000 : value])) as unknown as RunFigures;
}

/** What was seen beside the viewers; null where nobody looked. */
function besideFigures(chromium: ChromiumFigures | undefined, portraits: PortraitFigures | undefined): Pick<RunFigures, 'chromiumFps' | 'chromiumFreezes' | 'portraitsOpened' | 'portraitFirstPictureMs'> {
  return {
    chromiumFps: chromium?.framesPerSecond ?? null,
    chromiumFreezes: chromium?.freezes ?? null,
    portraitsOpened: portraits?.opened ?? null,
    portraitFirstPictureMs: portraits === undefined ? null : most(portraits.firstPictureMs),
  };
}

/** The worst of what some viewers measured; null when none did. */
function worst(values: readonly (number | null)[], of: (values: readonly number[]) => number): number | null {
  const measured = values.filter((value) => value !== null);
  return measured.length === 0 ? null : of(measured);
}

/** How often each batch size came between two readings. */
function batchSizes(first: ServerSample, last: ServerSample): string[] {
  const counts = [...last.batches].map(([size, count]) => [size, count - (first.batches.get(size) ?? 0)] as const).filter(([, count]) => count > 0);
  const all = counts.reduce((total, [, count]) => total + count, 0);
  return counts.map(([size, count]) => `${size === Infinity ? 'more' : `≤${size}`}: ${Math.round((100 * count) / all)} %`);
}

/** Cores per session between each two readings with the same number of sessions. */
function coresPerSession(samples: readonly ServerSample[]): number[] {
  return samples.slice(1).flatMap((sample, index) => {
    const before = samples[index]!;
    const passedS = (sample.atMs - before.atMs) / 1000;
    return before.sessions === sample.sessions && passedS > 0.5 ? [(sample.cpuSeconds - before.cpuSeconds) / passedS / sample.sessions] : [];
  });
}

/** Late frames a minute: second half less first half. */
function lateGrowth(samples: readonly ServerSample[]): number {
  const perMinute = (from: ServerSample | undefined, to: ServerSample | undefined): number => (
    from === undefined || to === undefined || to.atMs === from.atMs ? Number.NaN : ((to.framesLate - from.framesLate) * 60_000) / (to.atMs - from.atMs));
  const middle = samples[samples.length >> 1];
  return perMinute(middle, samples.at(-1)) - perMinute(samples[0], middle);
}

/**
 * Growth of resident memory in megabytes per ten minutes: from the lowest of the first third of the run to the lowest of the last.
 * Memory rises until garbage is collected, every two to eight minutes; a line through all of it would tell where in that the run began and ended.
 */
export function memorySlope(samples: readonly Pick<ServerSample, 'atMs' | 'residentMb'>[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < 3) {
    return Number.NaN;
  }
  const thirdMs = (last.atMs - first.atMs) / 3;
  const lowest = (part: typeof samples): number => Math.min(...part.map(({ residentMb }) => residentMb));
  const [early, late] = [samples.filter(({ atMs }) => atMs <= first.atMs + thirdMs), samples.filter(({ atMs }) => atMs >= last.atMs - thirdMs)];
  return ((lowest(late) - lowest(early)) * 600_000) / (2 * thirdMs);
}

function p95(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : percentile(values, 0.95);
}

function median(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : percentile(values, 0.5);
}

function least(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.min(...values);
}

function most(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.max(...values);
}

function sum(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((total, value) => total + value, 0);
}

/** The value farthest from zero, with its sign; not a number when one is none. */
function largest(values: readonly number[]): number {
  return values.length === 0 || values.some((value) => Number.isNaN(value)) ? Number.NaN : values.reduce((far, value) => (Math.abs(value) > Math.abs(far) ? value : far));
}
