import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missedLimits, parseLimit, readLimits } from '../../loadtest/limits.ts';
import { framesPerSecond, slope, viewerFigures } from '../../loadtest/received-figures.ts';
import type { FaultSpan, ShownFrame, ViewerRecord } from '../../loadtest/received-figures.ts';
import { countSoundGaps } from '../../loadtest/sound-watch.ts';

const frame = (index: number, atMs = index * 40): ShownFrame => ({ atMs, rtpTimestamp: index * 3600, widthPx: 512 });
const sound = (index: number, atMs = index * 20): { atMs: number; rtpTimestamp: number; loudness: number } => ({ atMs, rtpTimestamp: index * 960, loudness: 0.1 });
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

/** Ten seconds of perfect reception, with reports of time each second. */
function perfect(): { frames: ShownFrame[]; sounds: ReturnType<typeof sound>[]; reports: ViewerRecord['reports'] } {
  return {
    frames: times(250, (index) => frame(index)), sounds: times(500, (index) => sound(index)),
    reports: {
      video: times(10, (second) => ({ atMs: second * 1000, ntpMs: 7e12 + second * 1000, rtpTimestamp: second * 90_000 })),
      audio: times(10, (second) => ({ atMs: second * 1000, ntpMs: 7e12 + second * 1000, rtpTimestamp: second * 48_000 })),
    },
  };
}

const figures = (record: Pick<ViewerRecord, 'frames' | 'sounds' | 'reports'>, faults?: FaultSpan): ReturnType<typeof viewerFigures> => viewerFigures({
  ...record, firstSoundMs: [], firstFrameMs: [], interruptSilenceMs: [], interruptMouthMs: [], bytes: 0, seconds: 10, endedMs: 10_000,
}, faults);

test('perfect reception is 25 frames a second without gaps and offset', () => {
  const { fpsP5, freezes, longestGapMs, audioGaps, avOffsetStartMs, avOffsetEndMs } = figures(perfect());
  assert.deepEqual({ fpsP5, freezes, longestGapMs, audioGaps, avOffsetStartMs, avOffsetEndMs }, { fpsP5: 25, freezes: 0, longestGapMs: 40, audioGaps: 0, avOffsetStartMs: 0, avOffsetEndMs: 0 });
});

test('frames that come a little early or late make no slow second', () => {
  const rates = framesPerSecond(times(500, (index) => frame(index, index * 40 + (index % 7) * 2)));
  assert.ok(Math.min(...rates) > 24.6 && Math.max(...rates) < 25.4, rates.join(' '));
});

test('a missing third of the frames, and a hold-up, show in rate, gap and freezes', () => {
  const record = perfect();
  const thinned = record.frames.filter((_, index) => index % 3 !== 0);
  assert.ok(Math.abs(figures({ ...record, frames: thinned }).fpsP5 - 16.7) < 0.5);
  const held = record.frames.filter(({ atMs }) => atMs < 5000 || atMs > 5360);
  const { freezes, longestGapMs } = figures({ ...record, frames: held });
  assert.deepEqual([freezes, longestGapMs], [1, 440]);
});

test('a stream that dies shows in rate, gap, freezes and gaps of the sound', () => {
  const record = perfect();
  const dead = { ...record, frames: record.frames.slice(0, 100), sounds: record.sounds.slice(0, 200) };
  const { fpsP5, fpsMean, freezes, longestGapMs, audioGaps } = figures(dead);
  assert.deepEqual([fpsP5, freezes, longestGapMs, audioGaps], [0, 1, 6040, 1]);
  assert.ok(fpsMean < 10, String(fpsMean));
  const none = figures({ ...record, frames: [], sounds: [] });
  assert.deepEqual([none.fpsP5, none.freezes, none.audioGaps], [0, 1, 1]);
});

test('half rate and half size on a bad network, and the return to both, are told apart', () => {
  const record = perfect();
  const frames = record.frames.filter((_, index) => index < 75 || index > 150 || index % 2 === 0)
    .map((one, index) => (index >= 75 && one.atMs < 7000 ? { ...one, widthPx: 256 } : one));
  const { faultsFps, recoverMs, recoverSizeMs, leastWidthPx } = figures({ ...record, frames }, { startMs: 3000, endMs: 5000 });
  assert.ok(faultsFps !== null && Math.abs(faultsFps - 12.5) < 0.2, String(faultsFps));
  assert.ok(recoverMs !== null && Math.abs(recoverMs - 1000) <= 100, String(recoverMs));
  assert.deepEqual([recoverSizeMs, leastWidthPx], [2000, 256]);
  assert.equal(figures(record).faultsFps, null);
});

test('without reports of time, or without sound, no offset counts as measured', () => {
  const record = perfect();
  for (const unmeasured of [{ ...record, reports: { video: [], audio: [] } }, { ...record, sounds: [] }]) {
    const { avOffsetStartMs, avOffsetEndMs, avDriftMsPerHour } = figures(unmeasured);
    assert.deepEqual([avOffsetStartMs, avOffsetEndMs, avDriftMsPerHour], [Number.NaN, Number.NaN, Number.NaN]);
    assert.deepEqual(missedLimits({ avOffsetStartMs }, { avOffsetStartMs: { min: -40, max: 40 } }), ['avOffsetStartMs was not measured.']);
  }
});

test('hours of frames are summed up', () => {
  const { frames, ...rest } = perfect();
  const { longestGapMs, leastWidthPx } = viewerFigures({
    ...rest, frames: times(300_000, (index) => frame(index)), firstSoundMs: [], firstFrameMs: [], interruptSilenceMs: [], interruptMouthMs: [], bytes: 0, seconds: 12_000, endedMs: 12_000_000,
  });
  assert.deepEqual([frames.length, longestGapMs, leastWidthPx], [250, 40, 512]);
});

test('a stream that dies on a bad network is no good rate there', () => {
  const record = perfect();
  const frames = record.frames.filter(({ atMs }) => atMs < 4000 || atMs >= 8000);
  const { faultsFps } = figures({ ...record, frames }, { startMs: 3000, endMs: 8000 });
  assert.ok(faultsFps !== null && Math.abs(faultsFps - 5) < 0.2, String(faultsFps));
  const dead = figures({ ...record, frames: frames.slice(0, 100) }, { startMs: 3000, endMs: Infinity });
  assert.ok(dead.faultsFps !== null && dead.faultsFps < 4, String(dead.faultsFps));
});

test('pictures that take longer while the network is bad show in the delay, those of the first two seconds only in the longest', () => {
  const record = perfect();
  const late = (ms: number): number => (ms < 3000 || ms > 7000 ? 0 : ms < 4000 ? 500 : 120);
  const frames = record.frames.map((one) => ({ ...one, atMs: one.atMs + late(one.atMs) })).sort((a, b) => a.atMs - b.atMs);
  const { faultsDelayMsP95, faultsDelayMsMost } = figures({ ...record, frames }, { startMs: 3000, endMs: 7000 });
  assert.deepEqual([Math.round(faultsDelayMsP95 ?? 0), Math.round(faultsDelayMsMost ?? 0)], [120, 500]);
  assert.equal(figures(record).faultsDelayMsP95, null);
});

test('a picture that falls behind its sound shows as offset and drift', () => {
  const record = perfect();
  const behind = record.frames.map((one, index) => ({ ...one, atMs: one.atMs + index * 0.04 }));
  const { avOffsetStartMs, avOffsetEndMs, avDriftMsPerHour } = figures({ ...record, frames: behind });
  assert.ok(avOffsetStartMs > 1 && avOffsetEndMs > avOffsetStartMs + 3, `${avOffsetStartMs} ${avOffsetEndMs}`);
  assert.ok(Math.abs(avDriftMsPerHour - 3600) < 200, String(avDriftMsPerHour));
});

test('one lost packet of sound is hidden by error correction, two in a row or a late one are a gap', () => {
  const sounds = times(200, (index) => sound(index));
  assert.deepEqual(countSoundGaps(sounds.filter((_, index) => index !== 50 && index !== 90)), { gaps: 0, lost: 2, concealedShare: 0 });
  assert.deepEqual(countSoundGaps(sounds.filter((_, index) => index < 50 || index > 53)), { gaps: 1, lost: 4, concealedShare: 0.015 });
  assert.deepEqual(countSoundGaps(sounds.map((one, index) => (index === 60 || index === 61 ? { ...one, atMs: one.atMs + 150 } : one))), { gaps: 1, lost: 0, concealedShare: 0 });
  assert.deepEqual(countSoundGaps(sounds.map((one, index) => (index < 60 ? one : { ...one, atMs: one.atMs + 300 }))), { gaps: 1, lost: 0, concealedShare: 0 }, 'a hold-up is one gap, however long the sound lags afterwards');
});

test('the slope is that of the fitted line', () => {
  assert.ok(Math.abs(slope([1, 3, 5, 7]) - 2) < 1e-9);
  assert.ok(Number.isNaN(slope([4])));
});

test('limits are read, and a figure outside them or missing is named', async () => {
  assert.deepEqual(parseLimit('fpsP5>=24.5'), ['fpsP5', { min: 24.5 }]);
  assert.deepEqual(parseLimit('freezes<=0'), ['freezes', { max: 0 }]);
  assert.throws(() => parseLimit('fpsP5=3'), /looks like/);
  assert.deepEqual(missedLimits({ a: 1, b: 5, c: Number.NaN }, { a: { max: 1 }, b: { max: 4 }, c: { min: 0 }, d: { min: 0 } }), ['b is 5, over 4.', 'c was not measured.', 'd was not measured.']);
  assert.equal((await readLimits('plain'))['fpsP5']?.min, 24.5);
  await assert.rejects(readLimits('nothing'), /plain/);
});
