import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Resampler } from '../../src/audio/resampler.ts';
import { assertCloseTo } from './close-to.ts';

const sine = (length: number, rateHz: number, hz: number): Float32Array => Float32Array.from({ length }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hz * n) / rateHz));

for (const [fromHz, toHz] of [[22_050, 48_000], [22_050, 16_000], [48_000, 16_000], [16_000, 48_000], [8000, 48_000], [44_100, 16_000], [11_111, 48_000], [47_999, 16_000], [48_000, 8000]] as const) {
  test(`a tone from ${fromHz} to ${toHz} Hz keeps its time, its level and its exact length`, async () => {
    const length = Math.floor(fromHz / 2) + 7;
    const converted = await Resampler.convert(sine(length, fromHz, 440), { fromHz, toHz });
    assert.equal(converted.length, Math.round((length * toHz) / fromHz));
    const expected = sine(converted.length, toHz, 440);
    const edge = Math.ceil(toHz / 100);
    assertCloseTo(converted.subarray(edge, -edge), expected.subarray(edge, -edge), 0.005);
  });
}

test('pieces of any size give the same samples as one piece', async () => {
  const signal = sine(9000, 44_100, 700);
  const whole = await Resampler.convert(signal, { fromHz: 44_100, toHz: 16_000 });
  await using resampler = await Resampler.create(44_100, 16_000);
  const pieces: number[] = [];
  for (let at = 0, size = 1; at < signal.length; at += size, size = (size * 7) % 1913 || 1) {
    pieces.push(...resampler.process(signal.subarray(at, at + size)));
  }
  pieces.push(...resampler.finish());
  assertCloseTo(pieces, whole, 1e-6);
});

test('after finish or reset a new stream starts', async () => {
  const signal = sine(4000, 16_000, 300);
  await using resampler = await Resampler.create(16_000, 48_000);
  const first = [...resampler.process(signal), ...resampler.finish()];
  const second = [...resampler.process(signal), ...resampler.finish()];
  assert.deepEqual(second, first);
  resampler.process(signal);
  resampler.reset();
  assert.deepEqual([...resampler.process(signal), ...resampler.finish()], first);
});

test('equal rates pass through, and nothing gives nothing', async () => {
  await using resampler = await Resampler.create(16_000, 16_000);
  const signal = sine(100, 16_000, 300);
  assert.equal(resampler.process(signal), signal);
  assert.equal(resampler.finish().length, 0);
  assert.equal((await Resampler.convert(new Float32Array(0), { fromHz: 8000, toHz: 48_000 })).length, 0);
});

test('a closed resampler refuses work, and closing twice is once', async () => {
  const resampler = await Resampler.create(8000, 16_000);
  assert.equal(resampler.close(), resampler.close());
  assert.throws(() => resampler.process(new Float32Array(1)), { name: 'InvalidStateError' });
  for (const rate of [0, 3999, 16_000.5, 400_000, Number.NaN]) {
    await assert.rejects(Resampler.create(rate, 16_000), TypeError);
    await assert.rejects(Resampler.create(16_000, rate), TypeError);
  }
});

test('speech up to 0.42 of the lower rate keeps its level, and what is above half of it does not come back as a whistle', async () => {
  const level = (samples: Float32Array): number => Math.sqrt(2 * samples.subarray(800, -800).reduce((sum, value) => sum + value * value, 0) / (samples.length - 1600));
  for (const fromHz of [44_100, 48_000]) {
    const kept = level(await Resampler.convert(sine(fromHz, fromHz, 6700), { fromHz, toHz: 16_000 }));
    const folded = level(await Resampler.convert(sine(fromHz, fromHz, 9500), { fromHz, toHz: 16_000 }));
    assert.ok(kept > 0.47 && kept < 0.53, `${fromHz} Hz: 6.7 kHz at ${kept}`);
    assert.ok(folded < 0.5 / 300, `${fromHz} Hz: 9.5 kHz at ${folded}`);
  }
});
