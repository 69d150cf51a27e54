import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LossConcealer } from '../../src/audio/loss-concealer.ts';
import { largestStep } from './close-to.ts';

const voice = (from: number, length: number): Float32Array => Float32Array.from({ length }, (_, n) => {
  const phase = (2 * Math.PI * 130 * (from + n)) / 16_000;
  return 0.4 * Math.sin(phase) + 0.2 * Math.sin(2 * phase) + 0.1 * Math.sin(3 * phase);
});

test('a lost packet in a vowel goes on with its pitch, without a click on either side', () => {
  const concealer = new LossConcealer();
  const heard: number[] = [];
  for (let packet = 0; packet < 6; packet++) {
    const block = voice(packet * 320, 320);
    if (packet === 3) {
      concealer.conceal(block);
      const truth = voice(960, 320);
      let error = 0;
      let power = 0;
      for (let n = 0; n < 320; n++) {
        error += (block[n]! - truth[n]!) ** 2;
        power += truth[n]! ** 2;
      }
      assert.ok(error < 0.25 * power, `error ${error / power}`);
    } else {
      concealer.accept(block);
    }
    heard.push(...block);
  }
  assert.ok(largestStep(heard) < 1.6 * largestStep(voice(0, 2000)), `${largestStep(heard)}`);
});

test('a long gap fades to silence in 60 ms, and silence stays silence', () => {
  const concealer = new LossConcealer();
  concealer.accept(voice(0, 640));
  const gap = new Float32Array(1600);
  concealer.conceal(gap);
  assert.ok(gap.subarray(0, 300).some((value) => Math.abs(value) > 0.2));
  assert.ok(gap.subarray(960).every((value) => value === 0));
  const silent = new Float32Array(320);
  new LossConcealer().conceal(silent);
  assert.ok(silent.every((value) => value === 0));
});

test('after a gap real sound takes over within 5 ms, little by little', () => {
  const concealer = new LossConcealer();
  concealer.accept(voice(0, 640));
  concealer.conceal(new Float32Array(2000));
  const sound = new Float32Array(320).fill(1);
  concealer.accept(sound);
  assert.ok(sound[0]! < 0.05 && sound[40]! > 0.4 && sound[40]! < 0.6, `${sound[0]!} and ${sound[40]!}`);
  assert.ok(sound.subarray(80).every((value) => value === 1));
  const next = new Float32Array(320).fill(1);
  concealer.accept(next);
  assert.ok(next.every((value) => value === 1), 'once only');
});
