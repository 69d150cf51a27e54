import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noStats } from '../../src/base/stats.ts';
import { VoiceEncoder } from '../../src/encode/voice-encoder.ts';
import { VoiceLine } from '../../src/session/voice-line.ts';

const SOUND = Float32Array.from({ length: 960 }, (_, sample) => 0.3 * Math.sin(sample / 20));

/** A line with real encoders, and the levels they were opened for. */
async function withLine(run: (line: VoiceLine, levels: number[]) => Promise<void>): Promise<void> {
  const levels: number[] = [];
  await using line = await VoiceLine.open({
    openEncoder: (expectedLossPercent) => {
      levels.push(expectedLossPercent);
      return VoiceEncoder.open({ expectedLossPercent });
    },
    stats: noStats, onFailed: (error) => { throw error; },
  });
  await run(line, levels);
}

/** Time for an encoder to be opened. */
const opened = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 20); });

test('reported loss raises the protection at once, and calm lowers it after ten seconds', () => withLine(async (line, levels) => {
  assert.deepEqual(levels, [5]);
  line.reported(0.15, 0);
  assert.equal(line.expectedLossPercent, 5, 'one report says little');
  for (let report = 0; report < 10; report++) {
    line.reported(0.1, report * 1000);
  }
  assert.equal(line.expectedLossPercent, 12);
  for (let report = 0; report < 10; report++) {
    line.reported(0.3, 10_000 + report * 1000);
  }
  assert.equal(line.expectedLossPercent, 25);
  for (let report = 0; report < 5; report++) {
    line.reported(0, 19_100 + report * 100);
  }
  assert.equal(line.expectedLossPercent, 25);
  for (let report = 0; report < 20; report++) {
    line.reported(0, 40_000 + report * 1000);
  }
  assert.equal(line.expectedLossPercent, 5);
  await opened();
}));

/** A line of encoders that only note which of them was used: the first packet of each sounds rough. */
async function noted(): Promise<{ line: VoiceLine; used: number[] }> {
  const used: number[] = [];
  const line = await VoiceLine.open({
    openEncoder: (level) => Promise.resolve({
      encode: (_samples: Float32Array, mediaUs: number) => {
        used.push(level);
        return { kind: 'audio', data: new Uint8Array(1), mediaUs, keyFrame: true };
      },
      close: () => Promise.resolve(),
    } as unknown as VoiceEncoder),
    stats: noStats, onFailed: (error) => { throw error; },
  });
  return { line, used };
}

test('a new encoder takes over where nothing is heard, be it speech or a microphone, and after three seconds anywhere', async () => {
  for (const [pauseAt, expectedAt] of [[40, 40], [1000, 150]] as const) {
    const { line, used } = await noted();
    line.reported(0.5, 0);
    await opened();
    for (let tick = 0; tick < 200; tick++) {
      line.encode(tick === pauseAt ? SOUND.map((sample) => sample / 100) : SOUND, tick * 20_000);
    }
    assert.equal(used.indexOf(25), expectedAt);
    assert.equal(used.length, 200, 'every tick has its packet');
    await line.close();
  }
});

test('closing while an encoder is being opened closes that one too', async () => {
  const open: VoiceEncoder[] = [];
  const line = await VoiceLine.open({
    openEncoder: async (expectedLossPercent) => {
      const encoder = await VoiceEncoder.open({ expectedLossPercent });
      open.push(encoder);
      return encoder;
    },
    stats: noStats, onFailed: (error) => { throw error; },
  });
  line.reported(1, 0);
  await line.close();
  await opened();
  assert.equal(open.length, 2);
  for (const encoder of open) {
    assert.throws(() => encoder.encode(SOUND, 0), /closed/);
  }
});
