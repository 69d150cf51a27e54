import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamStatistics } from '../../client/stream-statistics.ts';

function report(seconds: number, roundTripS?: number): RTCStatsReport {
  return new Map<string, object>([
    ['audio', { type: 'inbound-rtp', kind: 'audio', timestamp: seconds * 1000, bytesReceived: 1 }],
    ['video', {
      type: 'inbound-rtp', kind: 'video', timestamp: seconds * 1000,
      framesDecoded: 25 * seconds, bytesReceived: 125_000 * seconds, totalProcessingDelay: 0.5 * seconds, packetsLost: 3, frameWidth: 512, frameHeight: 640,
    }],
    ['old', { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 }],
    ['pair', { type: 'candidate-pair', nominated: true, ...(roundTripS === undefined ? {} : { currentRoundTripTime: roundTripS }) }],
  ]);
}

test('running totals become rates over the time between two reports', () => {
  const statistics = new StreamStatistics();
  assert.equal(statistics.read(report(10, 0.004)), null);
  assert.deepEqual(statistics.read(report(12, 0.004)), {
    framesPerSecond: 25, receiveMs: 20, roundTripMs: 4, bitrateBps: 1_000_000, packetsLost: 3, width: 512, height: 640,
  });
});

test('the same report twice gives no reading', () => {
  const statistics = new StreamStatistics();
  statistics.read(report(1));
  assert.equal(statistics.read(report(1)), null);
});

test('what was not measured yet is null, and a report without video gives no reading', () => {
  const statistics = new StreamStatistics();
  statistics.read(report(1));
  assert.equal(statistics.read(report(2))?.roundTripMs, null);
  assert.equal(statistics.read(new Map() as unknown as RTCStatsReport), null);
});
