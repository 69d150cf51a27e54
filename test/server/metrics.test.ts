import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTED_EVENTS } from '../../src/base/stats.ts';
import { Metrics } from '../../src/server/metrics.ts';
import type { Gauges } from '../../src/server/metrics.ts';

const QUIET: Gauges = {
  sessionsByState: { waiting: 0, idle: 0 }, queuedSpeechMs: 0, framesInFlight: 0, videoBitrateBps: 0, fractionLost: 0, roundTripMs: 0, avOffsetMs: 0,
  leftOutShare: 0, costCores: 0, packs: [],
};

test('a pack that was loaded anew on another device is told once, with that device', async () => {
  let provider = 'cuda';
  const metrics = new Metrics(() => ({ ...QUIET, packs: [{ name: 'sadtalker', provider }] }));
  assert.match(await metrics.text(), /orator_info\{[^}]*provider="cuda"\} 1/);
  provider = 'cpu';
  assert.deepEqual((await metrics.text()).match(/^orator_info\{.*$/gm)?.map((line) => /provider="(\w+)"/.exec(line)?.[1]), ['cpu']);
});

test('gauges read what is told in their unit', async () => {
  const metrics = new Metrics(() => ({ ...QUIET, sessionsByState: { waiting: 2, idle: 3 }, queuedSpeechMs: 1500, roundTripMs: 80, avOffsetMs: -20, costCores: 0.2 }));
  const text = await metrics.text();
  for (const line of [
    'orator_sessions{state="waiting"} 2', 'orator_sessions{state="idle"} 3', 'orator_queued_speech_seconds 1.5', 'orator_round_trip_seconds 0.08',
    'orator_audio_video_offset_seconds -0.02', 'orator_session_cost_cores 0.2',
  ]) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
});

test('every event of a stage has its counter, and every time its histogram in seconds', async () => {
  const metrics = new Metrics(() => QUIET);
  COUNTED_EVENTS.forEach((event, index) => { metrics.count(event, index + 1); });
  metrics.stageMs('render', 4);
  metrics.speechToFrameMs(240);
  metrics.firstFrameMs(300);
  metrics.interruptSilenceMs(20);
  metrics.batchFrames(3);
  metrics.sessionRejected('overloaded');
  metrics.sessionEnded('deleted');
  const text = await metrics.text();
  for (const line of [
    ...COUNTED_EVENTS.map((event, index) => `orator_${event}_total ${index + 1}`),
    'orator_stage_seconds_sum{stage="render"} 0.004', 'orator_speech_to_frame_seconds_sum 0.24', 'orator_first_frame_seconds_sum 0.3',
    'orator_interrupt_silence_seconds_sum 0.02', 'orator_batch_frames_sum 3', 'orator_sessions_rejected_total{code="overloaded"} 1', 'orator_sessions_ended_total{reason="deleted"} 1',
  ]) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
});
