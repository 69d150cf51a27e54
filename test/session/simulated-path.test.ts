import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { simulate } from './simulated-path.ts';
import type { PathState, SimulatedRun } from './simulated-path.ts';

const CLEAN: PathState = { kbps: Infinity, delayMs: 10, jitterMs: 0, loss: 0, stalledUntilMs: 0 };

/** What a talking face needs, and what one needs that moves a lot. */
const NEEDS_KBPS = [350, 600];

/** A path that is bad from the 6th to the 16th second of 24. */
const badFor = (bad: Partial<PathState>) => (nowMs: number): PathState => (nowMs >= 6000 && nowMs < 16_000 ? { ...CLEAN, ...bad } : CLEAN);

/** A viewer that takes nothing for a while, again and again. */
const stalls = (everyMs: number, lengthMs: number) => (nowMs: number): PathState => {
  const sinceMs = nowMs % everyMs;
  return { ...CLEAN, stalledUntilMs: sinceMs < lengthMs ? nowMs - sinceMs + lengthMs : 0 };
};

function longestGapMs({ shown }: SimulatedRun): number {
  const after = shown.filter(({ atMs }) => atMs > 1000);
  return Math.max(...after.slice(1).map(({ atMs }, index) => atMs - after[index]!.atMs));
}

/** The delay that 95 in 100 pictures stay below, from when the server has adapted to the bad path until that ends. */
function settledDelayMs({ shown }: SimulatedRun): number {
  const delays = shown.filter(({ atMs }) => atMs > 8000 && atMs < 16_000).map(({ delayMs }) => delayMs).sort((a, b) => a - b);
  return delays[Math.floor(delays.length * 0.95)]!;
}

for (const needKbps of NEEDS_KBPS) {
  describe(`a face that needs ${needKbps} kbit/s`, () => {
    for (const kbps of [300, 450]) {
      test(`on a link that narrows to ${kbps} kbit/s never freezes for 300 ms, keeps its delay low and comes back within 5 s`, () => {
        const run = simulate({ seconds: 24, needKbps, pathAt: badFor({ kbps, delayMs: 20 }) });
        assert.ok(longestGapMs(run) < 300, `longest gap ${longestGapMs(run)} ms`);
        assert.ok(settledDelayMs(run) < 250, `delay ${settledDelayMs(run)} ms`);
        const used = run.kbps.slice(8, 16);
        assert.ok(Math.max(...used) < kbps * 1.1 && Math.min(...used) > kbps * 0.4, `${used.join(', ')} kbit/s meanwhile`);
        assert.ok(run.kbps[20]! > needKbps, `${run.kbps.slice(16).join(', ')} kbit/s afterwards`);
      });
    }

    test('on a link that is narrow from the start finds that out within the second', () => {
      const run = simulate({ seconds: 10, needKbps, pathAt: () => ({ ...CLEAN, kbps: 300, delayMs: 20 }) });
      assert.ok(run.kbps[0]! < 250 && longestGapMs(run) < 300, `${run.kbps.join(', ')} kbit/s, longest gap ${longestGapMs(run)} ms`);
    });

    for (const [name, pathAt] of [
      ['a viewer is held up for 150 ms each second', stalls(1000, 150)],
      ['a viewer is held up for 400 ms every three seconds', stalls(3000, 400)],
      ['a viewer is held up for 60 ms five times a second', stalls(200, 60)],
      ['each packet takes up to 30 ms more or less', badFor({ jitterMs: 30 })],
      ['the path becomes 50 ms longer', badFor({ delayMs: 60 })],
      ['five in a hundred packets are lost', badFor({ loss: 0.05, delayMs: 50 })],
    ] as const) {
      test(`loses no bitrate when ${name}`, () => {
        const { kbps } = simulate({ seconds: 24, needKbps, pathAt });
        assert.ok(Math.min(...kbps) >= 1000, `${kbps.join(', ')} kbit/s`);
      });
    }

    test('loses little bitrate when ten in a hundred packets are lost', () => {
      const { kbps } = simulate({ seconds: 24, needKbps, pathAt: badFor({ loss: 0.1, delayMs: 50 }) });
      assert.ok(Math.min(...kbps) >= 700, `${kbps.join(', ')} kbit/s`);
    });
  });
}
