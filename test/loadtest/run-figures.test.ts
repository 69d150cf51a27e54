import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ViewerFigures } from '../../loadtest/received-figures.ts';
import { memorySlope, runFigures } from '../../loadtest/run-figures.ts';
import type { ServerSample } from '../../loadtest/server-figures.ts';

/** Half an hour of a memory that rises by 60 MB and falls again every seven minutes, beside what it keeps. */
function sawtooth(keptMbPer10Minutes: number): { atMs: number; residentMb: number }[] {
  return Array.from({ length: 361 }, (_, index) => {
    const atMs = index * 5000;
    return { atMs, residentMb: 400 + 60 * ((atMs % 420_000) / 420_000) + (keptMbPer10Minutes * atMs) / 600_000 };
  });
}

test('memory that is collected again does not count as growth, wherever the run ends', () => {
  for (const end of [300, 330, 361]) {
    assert.ok(Math.abs(memorySlope(sawtooth(0).slice(0, end))) < 0.5, String(end));
  }
});

test('memory that is kept counts as growth', () => {
  assert.ok(Math.abs(memorySlope(sawtooth(20)) - 20) < 3, String(memorySlope(sawtooth(20))));
});

const VIEWER: ViewerFigures = {
  fpsP5: 25, fpsMean: 25, faultsFps: null, faultsDelayMsP95: null, faultsDelayMsMost: null, recoverMs: null, recoverSizeMs: null, leastWidthPx: 512, longestGapMs: 45, freezes: 0,
  audioGaps: 0, audioPacketsLost: 0, audioConcealedShare: 0, firstSoundMs: [100], firstFrameMs: [150], interruptSilenceMs: [], interruptMouthMs: [],
  avOffsetStartMs: 3, avOffsetEndMs: -5, avDriftMsPerHour: 1, kbps: 200,
};
const SAMPLES: readonly ServerSample[] = [0, 10_000].map((atMs) => ({
  atMs, cpuSeconds: atMs / 5000, residentMb: 300, eventLoopP99Ms: 10, sessions: 2, framesRendered: atMs / 20, framesLate: 0, framesDropped: 0, framesRepeated: 0,
  rejected: 0, openHandles: 1, videoKbps: 2000, batches: new Map<number, number>(),
}));
const fleet = (...figures: ViewerFigures[]): Parameters<typeof runFigures>[0]['fleet'] => ({ figures, refused: [], refusedMs: [], freedMs: [], failures: ['a viewer failed'] });

test('figures are those of the worst viewer, and what one viewer did not measure is measured of none', () => {
  const run = (...viewers: ViewerFigures[]): ReturnType<typeof runFigures> => runFigures({ fleet: fleet(...viewers), samples: SAMPLES, chromium: undefined, portraits: undefined });
  const { fpsP5, longestGapMs, freezes, avOffsetMs, coresPerSession, portraitsOpened } = run(VIEWER, { ...VIEWER, fpsP5: 20, freezes: 2, longestGapMs: 300 });
  assert.deepEqual({ fpsP5, longestGapMs, freezes, avOffsetMs, coresPerSession, portraitsOpened }, { fpsP5: 20, longestGapMs: 300, freezes: 2, avOffsetMs: -5, coresPerSession: 0.1, portraitsOpened: null });
  assert.ok(Number.isNaN(run(VIEWER, { ...VIEWER, avOffsetStartMs: Number.NaN }).avOffsetMs));
  assert.ok(Number.isNaN(run().fpsP5));
});

test('portraits that others opened are counted with the longest wait, and one that was not is a failure of the run', () => {
  const { portraitsOpened, portraitFirstPictureMs, failures } = runFigures({
    fleet: fleet(VIEWER), samples: SAMPLES, chromium: undefined, portraits: { opened: 2, firstPictureMs: [400, 900], failures: ['no portrait'] },
  });
  assert.deepEqual([portraitsOpened, portraitFirstPictureMs, failures], [2, 900, ['a viewer failed', 'no portrait']]);
});
