import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absoluteSendTime, compactNtp, ntpTimestamp } from '../../src/transport/ntp-time.ts';

test('times count from 1900 with 32 bits of fraction', () => {
  assert.equal(ntpTimestamp(0), 2_208_988_800n << 32n);
  assert.equal(ntpTimestamp(1500), (2_208_988_801n << 32n) | 0x8000_0000n);
  assert.equal(compactNtp(1250), (((2_208_988_801 & 0xffff) * 65_536) + 0x4000) >>> 0);
});

test('abs-send-time has 6 bits of seconds and 18 of fraction, and wraps after 64 s', () => {
  assert.equal(absoluteSendTime(500), 0x2_0000);
  assert.equal(absoluteSendTime(63_000), 63 * 0x4_0000);
  assert.equal(absoluteSendTime(64_500), 0x2_0000);
});
