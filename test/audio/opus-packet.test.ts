import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opusPacketSamples } from '../../src/audio/opus-packet.ts';
import { readOpusPackets } from './opus-packets-file.ts';

const packet = (...bytes: number[]): number => opusPacketSamples(Uint8Array.from(bytes), 48_000);
const config = (number: number, code: number): number => (number << 3) | code;

test('packets of a real encoder last 20 ms', () => {
  for (const payload of readOpusPackets('cards_005.opus-packets')) {
    assert.equal(opusPacketSamples(payload, 16_000), 320);
  }
});

test('every configuration has the length of RFC 6716', () => {
  assert.deepEqual([0, 1, 2, 3, 11, 12, 13, 16, 17, 18, 19, 31].map((number) => packet(config(number, 0), 1)),
    [480, 960, 1920, 2880, 2880, 480, 960, 120, 240, 480, 960, 960]);
});

test('packets of several frames are counted, with and without padding', () => {
  assert.equal(packet(config(1, 1), 1, 2, 3, 4), 1920);
  assert.equal(packet(config(1, 2), 2, 1, 2, 3), 1920);
  assert.equal(packet(config(1, 3), 3, 1, 2, 3), 2880);
  assert.equal(packet(config(1, 3), 0x40 | 3, 2, 1, 2, 3, 0, 0), 2880);
  assert.equal(packet(config(1, 3), 0x80 | 3, 1, 2, 7, 8, 8, 9), 2880);
  assert.equal(packet(config(1, 0)), 960);
});

test('broken framing is told', () => {
  assert.equal(packet(), 0);
  assert.equal(packet(config(1, 1), 1, 2, 3), 0);
  assert.equal(packet(config(1, 2)), 0);
  assert.equal(packet(config(1, 2), 9, 1), 0);
  assert.equal(packet(config(1, 3)), 0);
  assert.equal(packet(config(1, 3), 0), 0);
  assert.equal(packet(config(3, 3), 3, 1, 2, 3), 0, 'longer than 120 ms');
  assert.equal(packet(config(1, 3), 0x40 | 1, 255, 255), 0);
  assert.equal(packet(config(1, 3), 0x40 | 1, 9, 1), 0);
  assert.equal(packet(config(1, 3), 0x80 | 3, 200, 1), 0);
  assert.equal(opusPacketSamples(new Uint8Array(1400), 48_000), 0);
});
